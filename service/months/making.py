"""Months are made before they come, and what came too early finds its place."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import UUID

import asyncpg

from service.months.month import Month
from service.months.partitions import DEFAULT, Partition, holding, partitions
from service.months.turn import NOT_NOW, PATIENCE, patiently

MONTHS_LOCK = 0x4D6F6E746873
"""The advisory lock that lets one process change which months there are: the ASCII bytes of `Months`. It is that of a
transaction, which no pooler can keep."""

MOVED_MAX = 5000
"""How many signals are moved at once: what takes longer would keep those waiting who store and read."""

_PATIENCE_OF_LOOKING = "SET LOCAL statement_timeout = '450ms'"
"""What no month takes is looked at, to the end, before there is one more month."""

_BOUNDS = "ck_signals_bounds"

_STRAY = f"""
SELECT id FROM {DEFAULT} AS stray WHERE id >= $1 AND id < $2
    AND NOT EXISTS (SELECT FROM archives WHERE stray.id >= lower AND stray.id < upper)
ORDER BY id LIMIT 1
"""  # nosec B608
"""A month that lies in files is not made anew."""

_COUNT = f"SELECT count(*) FROM (SELECT FROM {DEFAULT} WHERE id >= $1 AND id < $2 LIMIT {MOVED_MAX + 1}) AS few"  # nosec B608

_MOVE = f"""
WITH moved AS (DELETE FROM {DEFAULT} WHERE id >= $1 AND id < $2 RETURNING *) INSERT INTO {{}} SELECT * FROM moved
"""  # nosec B608

_OWNER = "SELECT relowner::regrole::text FROM pg_class WHERE oid = to_regclass('signals')"


class TooMany(Exception):
    """More signals lie outside of all months than can be moved at once. They stay where they are, and are found."""


class _Turn(Exception):
    """Another process is at it."""


async def missing(connection: asyncpg.Connection, this: Month, number: int) -> list[Month]:
    """The months that are to be made so that there are so many after this one; those before it whose signals lie
    outside of all months come first."""
    parts = await partitions(connection)
    coming = [this.later(later) for later in range(number + 1)]
    found = [*await _strays(connection, parts, this), *coming]
    return [month for month in found if holding(parts, month) is None]


async def make(connection: asyncpg.Connection, month: Month) -> int | None:
    """Make a month, with the signals of it that are there already; returns how many these were, and None when it is
    there or another process is at it. Raises TooMany, and what is in turn.NOT_NOW; it is not made then."""
    try:
        return await _make(connection, month)
    except asyncpg.QueryCanceledError:  # what no month takes is too much to be looked at while others wait
        if month <= Month.of(await connection.fetchval("SELECT now()")):  # of which signals are stored now
            raise
    async with included_again(connection, month):
        await exclude(connection, month)
        return await _make(connection, month)


async def _make(connection: asyncpg.Connection, month: Month) -> int | None:
    with suppress(_Turn):
        async with connection.transaction(isolation="read_committed"):
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", MONTHS_LOCK):
                raise _Turn
            if holding(await partitions(connection), month) is not None:
                raise _Turn
            await create(connection, month)
            return await attach(connection, month)
    return None


async def create(connection: asyncpg.Connection, month: Month) -> None:
    """Create the table of a month, which is no part of signals yet. What will be in it has to be of that month, so that
    nothing of it is looked at when it becomes a part. It is owned by whoever owns signals."""
    await connection.execute(f"CREATE TABLE {month.table} (LIKE signals INCLUDING ALL)")
    await connection.execute(f"ALTER TABLE {month.table} OWNER TO {await connection.fetchval(_OWNER)}")
    bounds = f"id >= '{month.lower}' AND id < '{month.upper}'"
    await connection.execute(f"ALTER TABLE {month.table} ADD CONSTRAINT {_BOUNDS} CHECK ({bounds})")


async def exclude(connection: asyncpg.Connection, month: Month) -> None:
    """Have it known that what no month takes holds nothing of this one, so that it is not looked at while others wait.
    Does nothing where it holds some. Until the month is made nobody can store a signal of it: see `included_again`.
    Raises what is in turn.NOT_NOW."""
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(PATIENCE)
        await connection.execute(f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE")
        if await connection.fetchval(_COUNT, month.lower, month.upper):
            return
        outside = f"id < '{month.lower}' OR id >= '{month.upper}'"
        await connection.execute(f"ALTER TABLE {DEFAULT} DROP CONSTRAINT IF EXISTS {_without(month)}")
        await connection.execute(f"ALTER TABLE {DEFAULT} ADD CONSTRAINT {_without(month)} CHECK ({outside}) NOT VALID")
    await connection.execute(f"ALTER TABLE {DEFAULT} VALIDATE CONSTRAINT {_without(month)}")


@asynccontextmanager
async def included_again(connection: asyncpg.Connection, month: Month) -> AsyncIterator[None]:
    """Where what is done within fails, let signals of a month be stored that is not made after all."""
    try:
        yield
    except BaseException:
        await _include(connection, month)
        raise


async def _include(connection: asyncpg.Connection, month: Month) -> None:
    """Unless somebody uses the table."""
    with suppress(*NOT_NOW):
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(PATIENCE)
            await connection.execute(f"ALTER TABLE {DEFAULT} DROP CONSTRAINT IF EXISTS {_without(month)}")


async def attach(connection: asyncpg.Connection, month: Month) -> int:
    """Within a transaction, let the table of a month be a part of signals; returns how many were moved into it. Raises
    TooMany, and what is in turn.NOT_NOW."""
    await connection.execute(PATIENCE)
    await connection.execute(f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE")
    number: int = await connection.fetchval(_COUNT, month.lower, month.upper)
    if number > MOVED_MAX:
        raise TooMany
    range = f"FROM ('{month.lower}') TO ('{month.upper}')"
    await _move(connection, month, number)
    await connection.execute(_PATIENCE_OF_LOOKING)
    await connection.execute(f"ALTER TABLE signals ATTACH PARTITION {month.table} FOR VALUES {range}")
    await connection.execute(f"ALTER TABLE {month.table} DROP CONSTRAINT {_BOUNDS}")
    await connection.execute(f"ALTER TABLE {DEFAULT} DROP CONSTRAINT IF EXISTS {_without(month)}")
    return number


async def _move(connection: asyncpg.Connection, month: Month, number: int) -> None:
    if not number:
        return
    moved = await connection.execute(_MOVE.format(month.table), month.lower, month.upper)
    if moved != f"INSERT 0 {number}":
        raise AssertionError(f"{moved} of {number}")


async def make_missing(connection: asyncpg.Connection, number: int) -> AsyncIterator[tuple[Month, int | None]]:
    """Make all that is missing with so many months ahead; each month that was made, and how many signals were moved
    into it, None where these are too many, by their number or by the time it takes, and it was not made. Waits until
    nobody is in the way any more."""
    this = Month.of(await connection.fetchval("SELECT now()"))
    for month in await missing(connection, this, number):
        try:
            moved = await patiently(partial(make, connection, month))
        except (TooMany, asyncpg.QueryCanceledError):
            yield month, None
        else:
            if moved is not None:
                yield month, moved


def _without(month: Month) -> str:
    return f"ck_{DEFAULT}_without_{month.table}"


async def _strays(connection: asyncpg.Connection, parts: Sequence[Partition], this: Month) -> list[Month]:
    found: list[Month] = []
    lower = UUID(int=0)
    while (id := await connection.fetchval(_STRAY, lower, this.lower)) is not None:
        found.append(Month.of_id(id))
        lower = found[-1].upper
    return [month for month in found if holding(parts, month) is None]
