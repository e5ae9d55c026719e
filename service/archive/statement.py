"""The statements that move months between tables and files."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from service.archive.folder import Manifest
from service.erasure.mentions import Mentions
from service.months.archived import floor
from service.months.month import Month
from service.months.partitions import DEFAULT

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
"""  # nosec B608
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

_INDEX_ONLY = "SET LOCAL enable_seqscan = off"
"""Of what is still open there is an index, which is small whatever the month has. To look at all of that would take
longer than anybody is to wait."""

_OPEN = "SELECT EXISTS (SELECT FROM {} WHERE status <> 2 AND expires_at IS NOT NULL)"

_IS_RESTORED = "SELECT EXISTS (SELECT FROM archives WHERE month = $1 AND restored_at IS NOT NULL)"

_CLOSE = """
CREATE OR REPLACE TRIGGER signals_closed BEFORE INSERT OR UPDATE OR DELETE ON {}
FOR EACH ROW EXECUTE FUNCTION signals_closed()
"""

_REOPEN = "DROP TRIGGER signals_closed ON {}"

_KNOW = "INSERT INTO archives (month, lower, upper) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_ARCHIVED = """
UPDATE archives SET archived_at = now(), restored_at = NULL, signals = $2, transitions = $3, epoch = $4,
    xact = $5::xid8, id = $6
WHERE month = $1
"""

_WRITING = """
INSERT INTO archive_folders (month, folder) VALUES ($1, $2) ON CONFLICT (month, folder) DO UPDATE SET mentions = NULL
"""

_WRITTEN = """
INSERT INTO archive_folders (month, folder, written_at, producers, mentions)
VALUES ($1, $2, now(), ARRAY(SELECT decode(name, 'hex') FROM unnest($3::text[]) AS name), $4)
ON CONFLICT (month, folder) DO UPDATE
SET written_at = excluded.written_at, producers = excluded.producers, mentions = excluded.mentions
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


async def is_restored(connection: asyncpg.Connection, month: Month) -> bool:
    """Whether a month was archived, and is back."""
    back: bool = await connection.fetchval(_IS_RESTORED, str(month))
    return back


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


async def archived(connection: asyncpg.Connection, manifest: Manifest) -> None:
    """Write down that a month lies in files from now on."""
    place = manifest.last_place
    position: Sequence[Any] = (place.epoch, place.xact, UUID(place.id)) if place else (None, None, None)
    counts = manifest.signals.lines, manifest.transitions.lines
    await connection.execute(_ARCHIVED, manifest.month, *counts, *position)


async def writing(connection: asyncpg.Connection, month: Month, folder: Path) -> None:
    """Write down that a folder may hold anything of a month, also what it held before."""
    await connection.execute(_WRITING, str(month), str(folder))


async def written(connection: asyncpg.Connection, manifest: Manifest, folder: Path, mentions: Mentions) -> None:
    """Write down who is named in a folder that holds a month."""
    await connection.execute(_WRITTEN, manifest.month, str(folder), manifest.producers, bytes(mentions))


async def restored(connection: asyncpg.Connection, month: Month) -> None:
    """Write down that a month is back from now on."""
    await connection.execute(_RESTORED, str(month))


async def leaving(connection: asyncpg.Connection, rows: int) -> list[UUID]:
    """So many of the changes that lie in archives, of signals that do too, and that nobody is given any more."""
    records = await connection.fetch(_LEAVING, *await floor(connection), rows)
    return [record["id"] for record in records]
