"""Whoever takes a table for itself keeps nobody waiting, also when it stands still, is cut off or takes too long."""

import asyncio

import asyncpg
import pytest

from service.months.turn import CANCELLED_MAX, SessionEnded, alone, soon
from tests.running.application import JSON, SIGNALS, serving, signal_body
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

LOCK = 1
HOLDER = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_who_stands_still_with_a_table_for_itself_keeps_nobody_waiting(database: Database) -> None:
    """Red while the server waited for it: nobody could store a signal until it went on."""
    still, goes_on = asyncio.Event(), asyncio.Event()

    async def stand_still(url: str) -> None:
        async with alone(url, LOCK) as connection:
            assert connection is not None

            async def work(connection: asyncpg.Connection = connection) -> None:
                await connection.execute("LOCK TABLE signals IN ACCESS EXCLUSIVE MODE")
                still.set()
                await goes_on.wait()

            await soon(connection, work)

    async with serving(database.url) as client:
        archiver = asyncio.create_task(stand_still(database.url))
        await still.wait()
        assert (await client.post(SIGNALS, content=signal_body(), headers=JSON)).status_code == 201
    goes_on.set()
    with pytest.raises(SessionEnded, match="run it again"):
        await archiver


async def test_what_takes_too_long_by_itself_is_not_tried_for_ever(database: Database) -> None:
    tried = 0

    async def work() -> None:
        nonlocal tried
        tried += 1
        raise asyncpg.QueryCanceledError

    async with alone(database.url, LOCK) as connection:
        assert connection is not None
        with pytest.raises(asyncpg.QueryCanceledError):
            async with asyncio.timeout(30):
                await soon(connection, work)
    assert tried == CANCELLED_MAX


async def test_who_has_lost_its_lock_does_not_go_on(database: Database) -> None:
    """Red while only the session that had the lock ended: another process could begin the same work."""

    async def work() -> None:
        async with alone(database.url, LOCK) as connection:
            assert connection is not None
            database.execute(HOLDER)
            await until(connection.is_closed, "the other session has ended too")
            await connection.execute("SELECT")

    with pytest.raises(SessionEnded):
        await work()
    async with alone(database.url, LOCK) as connection:
        assert connection is not None
