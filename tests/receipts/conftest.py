"""The databases of the tests that count rows."""

from tests.intake.conftest import database, direct_database, own_database

__all__ = ["database", "direct_database", "own_database"]
