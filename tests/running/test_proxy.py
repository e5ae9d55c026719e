"""Each fault of the network between a service and its database, seen from a connection through it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tests.running.postgres import Database
from tests.running.proxy import DatabaseProxy, database_proxy

pytestmark = pytest.mark.anyio

MOMENT_SECONDS = 0.2
"""In this time an answer comes that is not held up."""

LOST = (asyncpg.ConnectionDoesNotExistError, asyncpg.InterfaceError, OSError)
INSERT = "INSERT INTO signals (id, instrument, side, time) VALUES (gen_random_uuid(), 'XAUUSD', 0, now())"


@asynccontextmanager
async def connected(proxy: DatabaseProxy) -> AsyncIterator[Any]:
    """A connection to the database through the proxy."""
    connection = await asyncpg.connect(proxy.url)
    try:
        yield connection
    finally:
        connection.terminate()


async def is_answered(query: "asyncio.Future[Any]") -> bool:
    """Whether a query is answered in a moment."""
    return bool((await asyncio.wait({query}, timeout=MOMENT_SECONDS))[0])


def rows(database: Database) -> int:
    """How many signals are stored."""
    count: int = database.value("SELECT count(*) FROM signals")
    return count


async def test_without_a_fault_everything_arrives(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection, connected(proxy):
        text = "long" * 100_000
        assert await connection.fetchval("SELECT $1::text", text) == text
        assert (proxy.accepted, proxy.connections) == (2, 2)
    assert proxy.connections == 0


async def test_after_a_cut_there_is_nothing_until_it_is_mended(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        await proxy.cut()
        with pytest.raises(LOST):
            await connection.fetchval("SELECT 1")
        with pytest.raises(ConnectionRefusedError):
            await asyncpg.connect(proxy.url)
        await proxy.mend()
        async with connected(proxy) as another:
            assert await another.fetchval("SELECT 1") == 1


async def test_a_broken_connection_can_be_replaced(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        await proxy.disconnect()
        with pytest.raises(LOST):
            await connection.fetchval("SELECT 1")
        async with connected(proxy) as another:
            assert await another.fetchval("SELECT 1") == 1


async def test_what_was_stalled_goes_on_when_it_is_mended(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.stall()
        query = asyncio.ensure_future(connection.fetchval("SELECT 1"))
        another = asyncio.ensure_future(asyncpg.connect(proxy.url))
        assert not await is_answered(query)
        assert not await is_answered(another)
        await proxy.mend()
        assert await query == 1
        (await another).terminate()


async def test_new_connections_can_be_led_elsewhere(database: Database) -> None:
    nobody = urlsplit(database.url)._replace(query="host=/nowhere")
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.lead_to(urlunsplit(nobody))
        with pytest.raises(LOST):
            await asyncpg.connect(proxy.url)
        assert await connection.fetchval("SELECT 1") == 1


async def test_silence_is_for_the_connections_that_there_are(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.go_silent()
        query = asyncio.ensure_future(connection.fetchval("SELECT 1"))
        async with connected(proxy) as another:
            assert await another.fetchval("SELECT 1") == 1
        assert not await is_answered(query)
        assert proxy.connections == 1
        query.cancel()


async def test_a_delay_is_for_each_statement(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.delay = MOMENT_SECONDS
        started = time.monotonic()
        await connection.execute("SELECT 1")
        assert time.monotonic() - started >= MOMENT_SECONDS


async def test_a_commit_can_be_cut_off_from_its_answer(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection, connected(proxy) as another:
        proxy.cut_commits(1)
        assert await connection.fetchval("SELECT count(*) FROM signals") == 0
        with pytest.raises(LOST):
            await connection.execute(INSERT)
        assert (proxy.commits_cut, rows(database)) == (1, 1)
        await another.execute(INSERT)
        assert (proxy.commits_cut, rows(database)) == (1, 2)


async def test_a_transaction_is_cut_off_at_its_end(database: Database) -> None:
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.cut_commits(1)
        for statement in ("BEGIN", INSERT, "ROLLBACK", "BEGIN", INSERT, "SELECT 1"):
            await connection.execute(statement)
        with pytest.raises(LOST):
            await connection.execute("COMMIT")
        assert (proxy.commits_cut, rows(database)) == (1, 1)


async def test_chance_decides_which_commits_are_cut_off(database: Database) -> None:
    draws = iter([False, True])
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.cut_commits(1, lambda: next(draws))
        await connection.execute(INSERT)
        with pytest.raises(LOST):
            await connection.execute(INSERT)
    assert rows(database) == 2


async def test_an_insert_that_inserts_nothing_counts_when_it_is_told_to(database: Database) -> None:
    empty = "INSERT INTO signals (id, instrument, side, time) SELECT gen_random_uuid(), 'XAUUSD', 0, now() WHERE false"
    async with database_proxy(database.url) as proxy, connected(proxy) as connection:
        proxy.cut_commits(1)
        await connection.execute(empty)
        proxy.cut_commits(1, even_empty=True)
        with pytest.raises(LOST):
            await connection.execute(empty)
        assert proxy.commits_cut == 1
