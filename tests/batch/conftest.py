"""The database of the tests that count rows."""

from tests.intake.conftest import direct_database, own_database

__all__ = ["direct_database", "own_database"]
