"""Signals that others store: many at once, and in transactions that stay open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from tests.running.postgres import Database

_ONE = """
INSERT INTO signals (id, producer_id, instrument, side, time) VALUES ($1, 'alpha', $2, 0, now()) RETURNING id::text
"""

_MANY = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload)
SELECT gen_random_uuid(), $1, $2, 0, now(), $4 FROM generate_series(1, $3)
"""

_NEWEST = "SELECT id::text FROM signals ORDER BY epoch DESC, xact DESC, id DESC LIMIT $1"


@asynccontextmanager
async def open_transaction(database: Database, instrument: str = "XAUUSD") -> AsyncIterator[str]:
    """A transaction that has stored a signal, and is committed in the end; the id of that signal."""
    client = await asyncpg.connect(database.url)
    try:
        async with client.transaction():
            yield await client.fetchval(_ONE, uuid4(), instrument)
    finally:
        await client.close()


def insert_many(
    database: Database,
    number: int,
    *,
    producer_id: str = "alpha",
    instrument: str = "XAUUSD",
    payload: str | None = None,
) -> list[str]:
    """Store signals with one transaction; their ids in the order in which they are read."""
    database.execute(_MANY, producer_id, instrument, number, payload)
    return [row["id"] for row in database.fetch(_NEWEST, number)][::-1]
