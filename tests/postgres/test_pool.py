"""Connections that cannot hang."""

import asyncio

import asyncpg
import pytest

from service.kernel.limits import Limits
from service.postgres.pool import Pool
from tests.postgres.database_url import with_options
from tests.postgres.locks import locked
from tests.running.postgres import Database

LIMITS = Limits()


@pytest.mark.anyio
async def test_every_connection_has_its_limits(shared_database: Database) -> None:
    names = ["application_name", "statement_timeout", "lock_timeout", "synchronous_commit"]
    async with Pool(shared_database.url, LIMITS, size=4) as pool, pool.connection() as client:
        shown = {name: await client.fetchval("SELECT current_setting($1)", name) for name in names}
    assert shown == {
        "application_name": "signals",
        "statement_timeout": "3s",
        "lock_timeout": "2s",
        "synchronous_commit": "on",
    }


@pytest.mark.anyio
async def test_the_url_wins_over_the_limits_of_the_service(shared_database: Database) -> None:
    url = with_options(shared_database.url, application_name="probe")
    async with Pool(url, LIMITS, size=4) as pool, pool.connection() as client:
        assert await client.fetchval("SHOW application_name") == "probe"


@pytest.mark.anyio
async def test_the_pool_is_as_large_as_it_is_set(shared_database: Database) -> None:
    async with (
        Pool(shared_database.url, LIMITS, size=2) as pool,
        pool.connection() as first,
        pool.connection() as second,
    ):
        assert await first.fetchval("SELECT pg_backend_pid()") != await second.fetchval("SELECT pg_backend_pid()")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), pool.connection():
                pass


@pytest.mark.anyio
async def test_an_answer_of_the_server_keeps_the_connection(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        pids = []
        for statement in ("SELECT 1", "SELECT 1/0", "SELECT * FROM no_such_table", "SELECT 1"):
            try:
                async with pool.connection() as client:
                    pids.append(await client.fetchval("SELECT pg_backend_pid()"))
                    await client.execute(statement)
            except asyncpg.PostgresError:
                continue
        assert len(pids) == 4
        assert len(set(pids)) == 1


@pytest.mark.anyio
async def test_a_connection_whose_statement_was_given_up_is_dropped_at_once(shared_database: Database) -> None:
    pids = []

    async def run(pool: Pool, statement: str, seconds: float) -> None:
        async with asyncio.timeout(seconds), pool.connection() as client:
            pids.append(await client.fetchval("SELECT pg_backend_pid()"))
            await client.execute(statement)

    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        with pytest.raises(TimeoutError):
            await run(pool, "SELECT pg_sleep(2.5)", seconds=0.2)
        await run(pool, "SELECT 1", seconds=1.5)
    assert len(set(pids)) == 2


@pytest.mark.anyio
async def test_the_server_gives_up_on_a_lock_before_the_client_does(database: Database) -> None:
    limits = Limits(lock_seconds=0.2)
    async with locked(database), Pool(database.url, limits, size=4) as pool, pool.connection() as client:
        with pytest.raises(asyncpg.LockNotAvailableError):
            await client.execute("DELETE FROM signals")
