"""The database of the tests that count rows."""

import pytest

from tests.running.postgres import Database


@pytest.fixture
def database(shared_database: Database) -> Database:
    """A database whose tables are empty."""
    shared_database.execute("TRUNCATE signals, receipts")
    return shared_database
