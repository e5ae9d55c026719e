"""The databases of the tests that count rows, directly and through a pooler, and of one that renames a table."""

from collections.abc import Iterator

import pytest

from tests.intake.troubled import CALM
from tests.running.pgbouncer import pgbouncer
from tests.running.postgres import Database, PostgresServer


@pytest.fixture(params=["directly", "through PgBouncer"])
def database(direct_database: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database whose tables are empty, and which is reached directly, or through PgBouncer in transaction mode."""
    if request.param == "directly":
        yield direct_database
        return
    limits = "SET statement_timeout TO 1500; SET lock_timeout TO 1000"
    with pgbouncer(direct_database.url, "transaction", connect_query=limits) as url:
        yield direct_database.by_way_of(url)


@pytest.fixture
def direct_database(shared_database: Database) -> Iterator[Database]:
    """A database whose tables are empty; the trouble that a test makes there ends with it."""
    shared_database.execute("TRUNCATE signals, receipts")
    yield shared_database
    shared_database.execute(CALM)


@pytest.fixture
def own_database(postgres: PostgresServer) -> Iterator[Database]:
    """A new database, for a test that renames its tables."""
    database = postgres.create()
    yield database
    database.close()
