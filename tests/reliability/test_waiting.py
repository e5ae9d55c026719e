"""Who stores a signal waits less than a second, whatever is done to the tables, and whoever reads them meanwhile.

It stands here because nothing else runs beside the tests of this folder.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from service.archive.archiving import Archiving
from service.archive.restoring import restore
from service.erasure.forgetting import forget
from service.months.making import make_missing
from service.postgres import schema
from tests.postgres.locks import until_it_gives_up
from tests.postgres.migrating import undo_months
from tests.running.application import JSON, SIGNALS, serving, signal_body
from tests.running.months import AGE, Months
from tests.running.old_months import connection, folder, months
from tests.running.postgres import Database

__all__ = ["connection", "folder", "months"]

pytestmark = pytest.mark.anyio


async def post(client: httpx.AsyncClient) -> None:
    """Store a signal, within a second."""
    async with asyncio.timeout(1):
        assert (await client.post(SIGNALS, content=signal_body(), headers=JSON)).status_code == 201


async def meanwhile(client: httpx.AsyncClient, database: Database, work: Awaitable[object]) -> bool:
    """Store signals while some work is done that a reader keeps waiting at first; returns whether it had to wait."""
    reader = await asyncpg.connect(database.url)
    await reader.execute("BEGIN; SELECT FROM signals; SELECT FROM transitions")
    waits = asyncio.create_task(until_it_gives_up(database))
    task = asyncio.ensure_future(work)
    while not waits.done() and not task.done():
        await post(client)
    waited = waits.done()
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    await reader.close()
    while not task.done():
        await post(client)
    await task
    return waited


async def test_while_the_table_becomes_one_of_months(database: Database) -> None:
    await asyncio.to_thread(undo_months, database.url)
    async with serving(database.url) as client:
        assert await meanwhile(client, database, schema.migrate(database.url))
    assert database.value("SELECT count(*) FROM signals_first") > 0


async def test_while_months_are_made_archived_restored_and_their_producer_is_forgotten(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.close(months.store(producer_id="alpha"))

    async def make() -> None:
        assert [month async for month, _ in make_missing(connection, 6)]

    async def nobody_learns() -> None:
        return

    works: dict[str, Callable[[], Awaitable[object]]] = {
        "make": make,
        "archive": lambda: Archiving(connection, folder).run(AGE),
        "restore": lambda: restore(connection, folder / str(months.oldest)),
        "forget": lambda: forget(connection, "alpha", nobody_learns),
    }
    async with serving(months.database.url) as client:
        waited = {name for name, work in works.items() if await meanwhile(client, months.database, work())}
    assert waited >= {"make", "archive", "restore"}
