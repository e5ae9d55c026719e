"""The statements that move months between tables and files."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from service.archive.folder import Manifest, Part, Place
from service.months.archived import floor
from service.months.month import Month
from service.months.partitions import DEFAULT, FIRST, Partition

ROWS = 2000
"""How many rows are moved at once: far less than takes a second."""

BYTES = 4 * 1024**2
"""How much text is moved at once, about, however large the payloads are."""

_FEW = 20
"""How many rows come from the server at once: nothing tells beforehand how large they are as text."""

_READ = "SET LOCAL TimeZone = 'UTC'; SET LOCAL enable_sort = off"
"""The offset in the text of a time is that of the session; so the same signal is always the same line. And what an
index has in order is not sorted: of what was put back just now nothing is known, and the planner would rather sort all
that follows than read some of it in order."""

_SIGNALS = """
SELECT id, row_to_json(s)::text AS line FROM {} AS s WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3
"""

_TRANSITIONS = f"""
SELECT signal_id, state_version, row_to_json(t)::text AS line FROM transitions AS t
WHERE (signal_id, state_version) > ($1, $2) AND signal_id < $3
    AND NOT EXISTS (SELECT FROM {DEFAULT} AS stray WHERE stray.id = t.signal_id)
ORDER BY signal_id, state_version LIMIT $4
"""
"""What came later, by a wrong clock, lies outside of all months while its own is in an archive, and is not of it."""

_PUT_SIGNALS = """
INSERT INTO {} SELECT signal.*
FROM unnest($1::text[]) AS line, json_populate_record(NULL::signals, line::json) AS signal
"""

_PUT_TRANSITIONS = """
INSERT INTO transitions SELECT change.*
FROM unnest($1::text[]) AS line, json_populate_record(NULL::transitions, line::json) AS change
ON CONFLICT DO NOTHING
"""

_APPROVALS = """
FROM transitions
WHERE approval = 'required' AND from_status = 0 AND to_status = 1 AND signal_id >= {} AND signal_id < {}
"""
"""Where signals that somebody had to approve are given to readers."""

_OLD = f"""
SELECT $1 <= now() - $2::interval AND coalesce((SELECT max(created_at) FROM {{}}) <= now() - $2::interval, true)
    AND coalesce((SELECT max(at) {_APPROVALS.format("$3", "$4")}) <= now() - $2::interval, true)
"""

_INDEX_ONLY = "SET LOCAL enable_seqscan = off"
"""Of what is still open there is an index, which is small whatever the month has. To look at all of that would take
longer than anybody is to wait."""

_OPEN = "SELECT EXISTS (SELECT FROM {} WHERE status <> 2 AND expires_at IS NOT NULL)"

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
"""
"""At the place of its approval a signal is given that was not given before. Who has not come so far has to be told that
it is not there any more."""

_PRODUCERS = """
SELECT DISTINCT encode(sha256(convert_to(producer_id, 'UTF8')), 'hex') AS name FROM {}
WHERE id >= $1 AND id < $2 AND producer_id IS NOT NULL ORDER BY name
"""

_STAND = "SELECT archived_at IS NOT NULL, restored_at IS NOT NULL FROM archives WHERE month = $1"

_CLOSE = """
CREATE OR REPLACE TRIGGER signals_closed BEFORE INSERT OR UPDATE OR DELETE ON {}
FOR EACH ROW EXECUTE FUNCTION signals_closed()
"""

_REOPEN = "DROP TRIGGER signals_closed ON {}"

_KNOW = "INSERT INTO archives (month, lower, upper) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_ARCHIVED = """
UPDATE archives SET archived_at = now(), restored_at = NULL, folder = $2, signals = $3, transitions = $4, epoch = $5,
    xact = $6::xid8, id = $7, producers = ARRAY(SELECT decode(name, 'hex') FROM unnest($8::text[]) AS name)
WHERE month = $1
"""

_RESTORED = "UPDATE archives SET restored_at = now() WHERE month = $1"

_LEAVING = """
SELECT t.id FROM transitions AS t JOIN archives AS month ON t.signal_id >= month.lower AND t.signal_id < month.upper
WHERE month.archived_at IS NOT NULL AND month.restored_at IS NULL AND (t.epoch, t.xact, t.id) < ($1, $2::xid8, $3::uuid)
    AND NOT EXISTS (SELECT FROM signals WHERE signals.id = t.signal_id)
LIMIT $4
"""

LEAVE = "DELETE FROM transitions WHERE id = ANY($1::uuid[])"


class StillOpen(Exception):
    """There are signals in a month that expire and are not closed, which whoever closes them still has to do."""


class Stand(NamedTuple):
    """What has become of a month: whether it was ever archived, and whether it is back."""

    archived: bool
    restored: bool


async def signals(connection: asyncpg.Connection, table: str, month: Month) -> AsyncIterator[list[str]]:
    """The signals of a month as lines, in the order of their ids."""
    lower = month.lower
    while rows := await _fetch(connection, _SIGNALS.format(table), lower, month.upper, ROWS):
        yield [row["line"] for row in rows]
        lower = UUID(int=rows[-1]["id"].int + 1)


async def transitions(connection: asyncpg.Connection, month: Month) -> AsyncIterator[list[str]]:
    """What became of the signals of a month as lines, in the order of their ids."""
    after: tuple[UUID, int] = (month.lower, 0)
    while rows := await _fetch(connection, _TRANSITIONS, *after, month.upper, ROWS):
        yield [row["line"] for row in rows]
        after = (rows[-1]["signal_id"], rows[-1]["state_version"])


async def _fetch(connection: asyncpg.Connection, query: str, *values: object) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = []
    size = 0
    async with connection.transaction(readonly=True):
        await connection.execute(_READ)
        cursor = await connection.cursor(query, *values)
        while size < BYTES and (few := await cursor.fetch(_FEW)):
            rows += few
            size += sum(len(row["line"]) for row in few)
    return rows


async def put_signals(connection: asyncpg.Connection, table: str, lines: Sequence[str]) -> None:
    """Store signals as they were."""
    await connection.execute(_PUT_SIGNALS.format(table), lines)


async def put_transitions(connection: asyncpg.Connection, lines: Sequence[str]) -> None:
    """Store what became of signals as it was, but for what is there."""
    await connection.execute(_PUT_TRANSITIONS, lines)


async def is_old(connection: asyncpg.Connection, part: Partition, age: timedelta) -> bool:
    """Whether all signals of a table are so old: by their ids, by when they were stored, and by when those were
    approved that had to be."""
    try:
        end = Month.of_id(part.upper).begins
    except ValueError:
        return False
    old: bool = await connection.fetchval(_OLD.format(part.name), end, age, part.lower, part.upper)
    return old


async def stand(connection: asyncpg.Connection, month: Month) -> Stand | None:
    """What has become of a month; None when nothing has."""
    record = await connection.fetchrow(_STAND, str(month))
    return record and Stand(*record)


async def close(connection: asyncpg.Connection, table: str) -> None:
    """Within a transaction, let nobody change the signals of a table any more. Raises StillOpen."""
    await connection.execute(_CLOSE.format(table))
    await connection.execute(_INDEX_ONLY)
    if await connection.fetchval(_OPEN.format(table)):
        raise StillOpen


async def reopen(connection: asyncpg.Connection, table: str) -> None:
    """Within a transaction, let the signals of a table that was closed be changed again."""
    await connection.execute(_REOPEN.format(table))


async def know(connection: asyncpg.Connection, month: Month) -> None:
    """Write down that a month is closed."""
    await connection.execute(_KNOW, str(month), month.lower, month.upper)


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


async def archived(connection: asyncpg.Connection, manifest: Manifest, folder: Path) -> None:
    """Write down that a month lies in a folder from now on."""
    place = manifest.last_place
    position: Sequence[Any] = (place.epoch, place.xact, UUID(place.id)) if place else (None, None, None)
    counts = manifest.signals.lines, manifest.transitions.lines
    await connection.execute(_ARCHIVED, manifest.month, str(folder), *counts, *position, manifest.producers)


async def restored(connection: asyncpg.Connection, month: Month) -> None:
    """Write down that a month is back from now on."""
    await connection.execute(_RESTORED, str(month))


async def leaving(connection: asyncpg.Connection) -> list[UUID]:
    """Some of the changes that lie in archives, of signals that do too, and that nobody is given any more."""
    records = await connection.fetch(_LEAVING, *await floor(connection), ROWS)
    return [record["id"] for record in records]
