"""A producer is forgotten: what it has sent, and that it was it who has sent it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import asyncpg

from service.erasure import receipts, trail, transitions
from service.erasure.erasures import Erasures, sha256_of
from service.erasure.errors import NobodyOfThatName
from service.erasure.mentions import bits_of
from service.erasure.portions import Portions
from service.erasure.trail import FORGOTTEN

_KNOWN = """
SELECT EXISTS (SELECT FROM erasures WHERE sha256 = $2) OR EXISTS (SELECT FROM producers WHERE name = $1)
    OR EXISTS (SELECT FROM signals WHERE producer_id = $1)
    OR EXISTS (SELECT FROM archive_folders WHERE $2 = ANY(producers))
"""

_END = """
WITH keys AS (DELETE FROM producer_keys WHERE producer = $1 RETURNING id),
    uses AS (DELETE FROM key_uses WHERE key_id IN (SELECT id FROM keys))
INSERT INTO erasures (sha256) VALUES ($2) ON CONFLICT (sha256) DO UPDATE SET at = now()
"""

_SIGNALS = "SELECT id FROM signals WHERE producer_id = $1 LIMIT $2"

_ERASE_SIGNALS = "UPDATE signals SET producer_id = NULL, payload = NULL, key_id = NULL WHERE id = ANY($1::uuid[])"

_TRANSITIONS = """
SELECT id, at, reason, (producer_id = $2 OR by = $2) IS TRUE AS own FROM transitions
WHERE id > $1 AND (producer_id = $2 OR by = $2 OR strpos(reason, $2) > 0) ORDER BY id LIMIT $3
"""

_ERASE_TRANSITIONS = """
UPDATE transitions SET producer_id = nullif(producer_id, $3), by = nullif(by, $3), reason = nullif(kept.reason, '')
FROM unnest($1::uuid[], $2::text[]) AS kept (id, reason) WHERE transitions.id = kept.id
"""

_INSTRUMENTS = """
WITH known AS (DELETE FROM instruments WHERE producer = $1 RETURNING instrument, latest, latest_waiting)
INSERT INTO instruments AS nobody (instrument, producer, latest, latest_waiting)
SELECT instrument, '', latest, latest_waiting FROM known
ON CONFLICT (instrument, producer) DO UPDATE SET latest = greatest(nobody.latest, excluded.latest),
    latest_waiting = greatest(nobody.latest_waiting, excluded.latest_waiting)
"""

_SCOPES = "UPDATE readers SET producers = array_replace(producers, $1, $2) WHERE $1 = ANY(producers)"

_FOLDERS = """
SELECT folder, $1 = ANY(producers) AS sure FROM archive_folders
WHERE $1 = ANY(producers) OR mentions IS NULL
    OR (SELECT bool_and(get_bit(mentions, bit) = 1) FROM unnest($2::bigint[]) AS bit)
ORDER BY month, folder
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Of how many signals payload and producer were erased, the folders of archives that still have both, and those of
    which it cannot be excluded that they name the producer."""

    signals: int
    archives: list[str]
    perhaps: list[str]


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
    await receipts.erase(connection, name)
    signals = await _erase_signals(connection, name)
    erasures = await Erasures.of(connection, name)
    await _erase_changes(connection, name, erasures)
    await _erase_elsewhere(connection, name)
    await trail.erase(connection, name, erasures)
    folders = await connection.fetch(_FOLDERS, sha256, bits_of(name))
    sure, perhaps = ([each["folder"] for each in folders if each["sure"] == sure] for sure in (True, False))
    return Forgotten(signals, sure, perhaps)


async def _erase_signals(connection: asyncpg.Connection, name: str) -> int:
    portions, number = Portions(connection), 0
    while records := await connection.fetch(_SIGNALS, name, portions.rows):
        ids = [record["id"] for record in records]
        if await portions.done(len(ids), partial(_erase, connection, ids)):
            number += len(ids)
    return number


async def _erase(connection: asyncpg.Connection, ids: list[UUID]) -> None:
    await connection.execute("SET LOCAL signals.forgetting = 'on'")
    await connection.execute(_ERASE_SIGNALS, ids)


async def _erase_changes(connection: asyncpg.Connection, name: str, erasures: Erasures) -> None:
    """Only the owner of the table can: nobody else can switch off what keeps transitions from being changed."""
    portions, last = Portions(connection), UUID(int=0)
    while rows := await connection.fetch(_TRANSITIONS, last, name, portions.rows):
        reasons = [row["reason"] and erasures.reason(row["reason"], row["at"]) for row in rows]
        kept = {
            row["id"]: reason
            for row, reason in zip(rows, reasons, strict=True)
            if row["own"] or reason != row["reason"]
        }
        values = [*kept], [*kept.values()], name
        work = partial(transitions.change, connection, _ERASE_TRANSITIONS, *values)
        if not kept or await portions.done(len(rows), work):
            last = rows[-1]["id"]


async def _erase_elsewhere(connection: asyncpg.Connection, name: str) -> None:
    """That scopes are changed is where every process learns that its streams are not to remember."""
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("DELETE FROM quotas WHERE producer = $1", name)
        await connection.execute(_INSTRUMENTS, name)
        await connection.execute(_SCOPES, name, FORGOTTEN)
