"""What is looked up by its id, or stored, locks the tables of one month, however many there are."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from service.batch.copying import copy
from service.feed.statement import one
from service.lifecycle import statement
from service.months.making import make
from service.months.month import Month
from service.months.partitions import partitions
from service.receipts.statement import NewSignal, find, insert
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

HELD = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()"
RUNS = 10


def signal() -> NewSignal:
    """A signal on its way in."""
    return NewSignal("alpha", "XAUUSD", 0, datetime.now(UTC), b"{}", 1)


Work = Callable[[asyncpg.Connection], Awaitable[object]]

HOT: dict[str, Work] = {
    "insert": lambda connection: insert(connection, {uuid7(): signal()}),
    "insert many": lambda connection: insert(connection, {uuid7(): signal(), uuid7(): signal()}),
    "copy": lambda connection: copy(connection, {uuid7(): signal()}),
    "find": lambda connection: find(connection, {uuid7(): signal()}),
    "read": lambda connection: one(connection, uuid7()),
    "judge": lambda connection: statement.state(connection, uuid7()),
}


async def held(url: str, work: Work) -> list[int]:
    """How many locks a statement holds, run after run on one connection."""
    connection = await asyncpg.connect(url)
    found = []
    try:
        for _ in range(RUNS):
            transaction = connection.transaction()
            await transaction.start()
            await work(connection)
            found.append(await connection.fetchval(HELD))
            await transaction.rollback()
    finally:
        await connection.close()
    return sorted(found)


async def test_locks_do_not_grow_with_the_months(database: Database) -> None:
    """But for one run: the sixth, on which the server makes a plan that would do for any id, and finds it dearer."""
    few = {name: await held(database.url, work) for name, work in HOT.items()}
    connection = await asyncpg.connect(database.url)
    first = Month.of_id((await partitions(connection))[-1].upper)
    for later in range(30):
        await make(connection, first.later(later))
    await connection.close()
    many = {name: await held(database.url, work) for name, work in HOT.items()}
    assert {name: found[:-1] for name, found in many.items()} == {name: found[:-1] for name, found in few.items()}
