"""The database of the tests that count rows, directly and through a pooler."""

from collections.abc import Iterator

import pytest

from tests.running.pgbouncer import pgbouncer
from tests.running.postgres import Database


@pytest.fixture(params=["directly", "through PgBouncer"])
def database(shared_database: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database whose tables are empty, and which is reached directly, or through PgBouncer in transaction mode."""
    shared_database.execute("TRUNCATE signals, receipts")
    if request.param == "directly":
        yield shared_database
        return
    limits = "SET statement_timeout TO 1500; SET lock_timeout TO 1000"
    with pgbouncer(shared_database.url, "transaction", connect_query=limits) as url:
        yield shared_database.by_way_of(url)
