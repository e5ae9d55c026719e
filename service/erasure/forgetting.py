"""A producer is forgotten: what it has sent, and that it was it who has sent it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import asyncpg

from service.erasure import transitions
from service.erasure.erasures import pattern_of, sha256_of
from service.erasure.errors import NobodyOfThatName
from service.months.turn import soon

ROWS = 2000
"""How many rows are changed at once: less than takes a second."""

FORGOTTEN = "a forgotten producer"
"""What stands where a name has to stand. No producer is called so: there are spaces in it."""

_KNOWN = """
SELECT EXISTS (SELECT FROM erasures WHERE sha256 = $2) OR EXISTS (SELECT FROM producers WHERE name = $1)
    OR EXISTS (SELECT FROM signals WHERE producer_id = $1) OR EXISTS (SELECT FROM archives WHERE $2 = ANY(producers))
"""

_END = """
WITH keys AS (DELETE FROM producer_keys WHERE producer = $1 RETURNING id),
    uses AS (DELETE FROM key_uses WHERE key_id IN (SELECT id FROM keys)),
    quota AS (DELETE FROM quotas WHERE producer = $1)
INSERT INTO erasures (sha256) VALUES ($2) ON CONFLICT (sha256) DO UPDATE SET at = now()
"""

_SIGNALS = "SELECT id FROM signals WHERE producer_id = $1 LIMIT $2"

_ERASE_SIGNALS = "UPDATE signals SET producer_id = NULL, payload = NULL, key_id = NULL WHERE id = ANY($1::uuid[])"

_RECEIPTS = "DELETE FROM receipts WHERE signal_id = ANY($1::uuid[]) OR signal_ids && $1::uuid[]"

_TRANSITIONS = """
SELECT id FROM transitions WHERE id > $1 AND (producer_id = $2 OR by = $2 OR reason ~ $3) ORDER BY id LIMIT $4
"""

_ERASE_TRANSITIONS = """
UPDATE transitions SET producer_id = nullif(producer_id, $2), by = nullif(by, $2),
    reason = nullif(regexp_replace(reason, $3, '', 'g'), '')
WHERE id = ANY($1::uuid[])
"""

_INSTRUMENTS = """
WITH known AS (DELETE FROM instruments WHERE producer = $1 RETURNING instrument, latest, latest_waiting)
INSERT INTO instruments AS nobody (instrument, producer, latest, latest_waiting)
SELECT instrument, '', latest, latest_waiting FROM known
ON CONFLICT (instrument, producer) DO UPDATE SET latest = greatest(nobody.latest, excluded.latest),
    latest_waiting = greatest(nobody.latest_waiting, excluded.latest_waiting)
"""

_SCOPES = "UPDATE readers SET producers = array_replace(producers, $1, $2) WHERE $1 = ANY(producers)"

_AUDIT = """
UPDATE audit SET by = CASE WHEN by = $1 THEN $2 ELSE by END,
    what = (SELECT coalesce(jsonb_object_agg(key, regexp_replace(value::text, $3, $2, 'g')::jsonb), '{}')
        FROM jsonb_each(what))
WHERE by = $1 OR what::text ~ $3
"""

_FOLDERS = "SELECT folder FROM archives WHERE $1 = ANY(producers) AND folder IS NOT NULL ORDER BY month"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Of how many signals payload and producer were erased, and the folders of archives that still have both."""

    signals: int
    archives: list[str]


async def forget(connection: asyncpg.Connection, name: str, learn: Callable[[], Awaitable[None]]) -> Forgotten:
    """Erase payloads and name of a producer, and end its keys, while nobody else archives, restores or forgets. Ids,
    instruments and times stay. Interrupted anywhere it can be run again. `learn` returns when every process knows that
    the keys have ended.

    Raises NobodyOfThatName.
    """
    sha256 = sha256_of(name)
    if not await connection.fetchval(_KNOWN, name, sha256):
        raise NobodyOfThatName(name)
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(_END, name, sha256)
        await connection.execute("DELETE FROM producers WHERE name = $1", name)
    await learn()
    number = 0
    while ids := await _ids(connection, _SIGNALS, name, ROWS):
        await soon(connection, partial(_erase_signals, connection, ids))
        number += len(ids)
    await _erase_changes(connection, name)
    await _erase_elsewhere(connection, name)
    folders = await connection.fetch(_FOLDERS, sha256)
    return Forgotten(number, [record["folder"] for record in folders])


async def _erase_signals(connection: asyncpg.Connection, ids: list[UUID]) -> None:
    await connection.execute("SET LOCAL signals.forgetting = 'on'; SET LOCAL statement_timeout = '10s'")
    await connection.execute(_RECEIPTS, ids)
    await connection.execute(_ERASE_SIGNALS, ids)


async def _erase_changes(connection: asyncpg.Connection, name: str) -> None:
    """Only the owner of the table can: nobody else can switch off what keeps transitions from being changed."""
    last = UUID(int=0)
    while ids := await _ids(connection, _TRANSITIONS, last, name, pattern_of(name), ROWS):
        values = ids, name, pattern_of(name)
        await soon(connection, partial(transitions.change, connection, _ERASE_TRANSITIONS, *values))
        last = ids[-1]


async def _erase_elsewhere(connection: asyncpg.Connection, name: str) -> None:
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(_INSTRUMENTS, name)
        await connection.execute(_SCOPES, name, FORGOTTEN)
        await connection.execute(_AUDIT, name, FORGOTTEN, pattern_of(name))


async def _ids(connection: asyncpg.Connection, query: str, *values: object) -> list[UUID]:
    return [record["id"] for record in await connection.fetch(query, *values)]
