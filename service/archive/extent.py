"""What a table of signals holds of a month, and how old it is."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from service.archive.folder import Manifest, Part, Place
from service.months.month import Month
from service.months.partitions import FIRST, Partition

_APPROVALS = """
FROM transitions
WHERE approval = 'required' AND from_status = 0 AND to_status = 1 AND signal_id >= {} AND signal_id < {}
"""
"""Where signals that somebody had to approve are given to readers."""

_OLD = f"""
SELECT $1 <= now() - $2::interval AND coalesce((SELECT max(created_at) FROM {{}}) <= now() - $2::interval, true)
    AND coalesce((SELECT max(at) {_APPROVALS.format("$3", "$4")}) <= now() - $2::interval, true)
"""  # nosec B608

_END = "SELECT id FROM {} WHERE id >= $1 AND id < $2 ORDER BY id {} LIMIT 1"

_EXTENT = """
SELECT (SELECT count(*) FROM {} WHERE id >= $1 AND id < $2) AS signals,
    (SELECT count(*) FROM transitions WHERE signal_id >= $1 AND signal_id < $2) AS transitions,
    $3::uuid IS NULL OR EXISTS (SELECT FROM {} WHERE id = $3) AS has_last
"""

_FIRST_PLACE = "SELECT epoch, xact, id FROM {} WHERE id >= $1 AND id < $2 ORDER BY epoch, xact, id LIMIT 1"

_LAST_PLACE = f"""
SELECT epoch, xact, id FROM (
    (SELECT epoch, xact, id FROM {{}} WHERE id >= $1 AND id < $2 ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)
    UNION ALL (SELECT epoch, xact, id {_APPROVALS.format("$1", "$2")} ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)
) AS each ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1
"""  # nosec B608
"""At the place of its approval a signal is given that was not given before. Who has not come so far has to be told that
it is not there any more."""

_PRODUCERS = """
SELECT DISTINCT encode(sha256(convert_to(producer_id, 'UTF8')), 'hex') AS name FROM {}
WHERE id >= $1 AND id < $2 AND producer_id IS NOT NULL ORDER BY name
"""


async def is_old(connection: asyncpg.Connection, part: Partition, age: timedelta) -> bool:
    """Whether all signals of a table are so old: by their ids, by when they were stored, and by when those were
    approved that had to be."""
    try:
        end = Month.of_id(part.upper).begins
    except ValueError:
        return False
    old: bool = await connection.fetchval(_OLD.format(part.name), end, age, part.lower, part.upper)
    return old


async def months_of(connection: asyncpg.Connection, part: Partition) -> list[Month]:
    """The months of the signals in a table: the one that the table is made for, or those that it was found with."""
    if part.name != FIRST:
        return [Month.of_id(part.lower)]
    found: list[Month] = []
    lower = part.lower
    while (id := await connection.fetchval(_END.format(part.name, "ASC"), lower, part.upper)) is not None:
        found.append(Month.of_id(id))
        lower = found[-1].upper
    return found


async def first_id(connection: asyncpg.Connection, table: str, month: Month) -> UUID | None:
    """The id of the first signal of a month; None where there are none."""
    id: UUID | None = await connection.fetchval(_END.format(table, "ASC"), month.lower, month.upper)
    return id


async def holds_more(connection: asyncpg.Connection, table: str, month: Month, there: Manifest) -> bool:
    """Whether there is something of a month in an archive that is not in the database."""
    last = None if there.last_id is None else UUID(there.last_id)
    extent = await connection.fetchrow(_EXTENT.format(table, table), month.lower, month.upper, last)
    return (
        not extent["has_last"]
        or there.signals.lines > extent["signals"]
        or there.transitions.lines > extent["transitions"]
    )


async def described(
    connection: asyncpg.Connection, table: str, month: Month, signals: Part, transitions: Part
) -> Manifest:
    """The manifest of a month whose files were written."""
    bounds = month.lower, month.upper
    ids = [await connection.fetchval(_END.format(table, way), *bounds) for way in ("ASC", "DESC")]
    places = [await connection.fetchrow(query.format(table), *bounds) for query in (_FIRST_PLACE, _LAST_PLACE)]
    first, last = (place and Place(epoch=place["epoch"], xact=place["xact"], id=str(place["id"])) for place in places)
    return Manifest(
        month=str(month),
        signals=signals,
        transitions=transitions,
        first_id=ids[0] and str(ids[0]),
        last_id=ids[1] and str(ids[1]),
        first_place=first,
        last_place=last,
        producers=[row["name"] for row in await connection.fetch(_PRODUCERS.format(table), *bounds)],
    )
