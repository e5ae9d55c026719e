"""Connection URLs."""

from typing import Any

import asyncpg
import pytest

from service.postgres.url import connection_arguments
from tests.postgres.database_url import with_options
from tests.running.postgres import Database


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        (
            "postgresql://user:word@db.example:6432/signals",
            {"host": "db.example", "port": 6432, "user": "user", "password": "word", "database": "signals"},
        ),
        (
            "postgres://user@db/signals",
            {"host": "db", "port": 5432, "user": "user", "password": None, "database": "signals"},
        ),
        (
            "postgresql:///signals",
            {"host": "localhost", "port": 5432, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://postgres:@/postgres?host=/run/pg",
            {"host": "/run/pg", "port": 5432, "user": "postgres", "password": None, "database": "postgres"},
        ),
        (
            "postgresql://%2Fvar%2FRun%2Fpg/signals",
            {"host": "/var/Run/pg", "port": 5432, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://db:6432/signals?host=/run/pg&port=7777",
            {"host": "/run/pg", "port": 7777, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://us%40er:p%40ss%2Fw%3Ard%25@db/sig%20nals",
            {"host": "db", "port": 5432, "user": "us@er", "password": "p@ss/w:rd%", "database": "sig nals"},
        ),
        (
            "postgresql://user:a+b@[::1]:6432/signals",
            {"host": "::1", "port": 6432, "user": "user", "password": "a+b", "database": "signals"},
        ),
    ],
)
def test_a_connection_url_is_taken_apart(url: str, arguments: dict[str, Any]) -> None:
    assert connection_arguments(url) == arguments | {"server_settings": {}}


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-full"])
def test_the_ssl_mode_is_handed_on(mode: str) -> None:
    arguments = connection_arguments(f"postgresql://db/signals?sslmode={mode}&application_name=probe")
    assert arguments["ssl"] == mode
    assert arguments["server_settings"] == {"application_name": "probe"}


@pytest.mark.anyio
async def test_a_url_is_understood_by_the_server(shared_database: Database) -> None:
    arguments = connection_arguments(with_options(shared_database.url, application_name="a/b"))
    probe = await asyncpg.connect(**arguments)
    assert await probe.fetchval("SHOW application_name") == "a/b"
    assert await probe.fetchval("SELECT current_database()") == arguments["database"]
    await probe.close()
