"""Rows, and the one statement that stores many of them with one commit."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from service import database
from service.errors import Refusal

_INSERT = """
WITH batch AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::bytea[],
                         $7::int[], $8::bytea[])
        AS row (id, producer_id, instrument, side, time, body, version, key)
    ORDER BY key, id
), claim AS (
    INSERT INTO receipts (key, signal_id) SELECT key, id FROM batch WHERE key IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING signal_id
)
INSERT INTO signals (id, producer_id, instrument, side, time, payload, version)
SELECT id, producer_id, instrument, side, time, (convert_from(body, 'UTF8')::json -> 'payload')::jsonb, version
FROM batch WHERE key IS NULL OR id IN (SELECT signal_id FROM claim)
ON CONFLICT (id) DO NOTHING
RETURNING id, created_at
"""

_FIND = """
SELECT key, signal_id AS id, created_at FROM receipts WHERE key = ANY($1::bytea[])
UNION ALL
SELECT NULL, id, created_at FROM signals WHERE id = ANY($2::uuid[])
"""
"""A receipt alone can repeat the first answer: it was written by the same statement, so at the same `now()`."""


@dataclass(frozen=True, slots=True)
class NewSignal:
    """A checked signal on its way in. `body` is the request body, from which PostgreSQL takes the payload digit for
    digit; None when there is no payload. `receipt_key` is the MAC of a signed request, None for an unsigned one."""

    producer_id: str | None
    instrument: str
    side: int
    time: datetime
    body: bytes | None
    version: int
    receipt_key: bytes | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A signal that is on disk; `replayed` when an earlier request with the same signed bytes put it there."""

    id: UUID
    created_at: datetime
    replayed: bool


@dataclass(slots=True)
class Row:
    """A signal on its way, with the id that it will have, and the outcome that its request waits for."""

    signal: NewSignal
    outcome: asyncio.Future[Stored]
    id: UUID = field(default_factory=uuid7)

    def resolve(self, stored: Stored) -> None:
        """Tell the request, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_result(stored)

    def refuse(self, refusal: Refusal | type[Refusal]) -> None:
        """Tell the request that it is refused, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_exception(refusal)


async def insert(batch: Sequence[Row]) -> None:
    """Store the rows that are new and look up those that are not, then resolve what was found."""
    async with asyncio.timeout(database.COMMAND_SECONDS), database.connection() as connection:
        created = {record["id"]: record["created_at"] for record in await connection.fetch(_INSERT, *_columns(batch))}
        for row in batch:
            if row.id in created:
                row.resolve(Stored(row.id, created[row.id], replayed=False))
        others = [row for row in batch if row.id not in created]
        if others:
            await _find(others, connection)


async def _find(rows: Sequence[Row], connection: asyncpg.Connection) -> None:
    """Resolve rows that the insert left out: resent requests, and our own from an attempt whose answer was lost."""
    keys = [row.signal.receipt_key for row in rows if row.signal.receipt_key]
    ids = [row.id for row in rows if not row.signal.receipt_key]
    found = {record["key"] or record["id"]: record for record in await connection.fetch(_FIND, keys, ids)}
    for row in rows:
        if record := found.get(row.signal.receipt_key or row.id):
            row.resolve(Stored(record["id"], record["created_at"], replayed=record["id"] != row.id))


def _columns(batch: Sequence[Row]) -> tuple[list[object], ...]:
    signals = [row.signal for row in batch]
    return (
        [row.id for row in batch],
        [signal.producer_id for signal in signals],
        [signal.instrument for signal in signals],
        [signal.side for signal in signals],
        [signal.time for signal in signals],
        [signal.body for signal in signals],
        [signal.version for signal in signals],
        [signal.receipt_key for signal in signals],
    )


async def recall(receipt_key: bytes) -> Stored | None:
    """The signal that the request with this MAC became earlier, if it did. Raises what the database raises."""
    async with asyncio.timeout(database.COMMAND_SECONDS), database.connection() as connection:
        record = await connection.fetchrow(_FIND, [receipt_key], [])
    return record and Stored(record["id"], record["created_at"], replayed=True)
