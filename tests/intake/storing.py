"""Signals for a writer, the writer on a database, and what it has put there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from service.intake.journal import Journal
from service.intake.writer import Writer
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks
from service.postgres.pool import Pool
from service.receipts.statement import NewSignal, Stored
from tests.running.postgres import Database
from tests.running.waiting import DEADLINE_SECONDS

LIMITS = Limits()

TIME = datetime(2026, 1, 31, 12, tzinfo=UTC)
EXPIRY = TIME + timedelta(minutes=15)
UNSIGNED = NewSignal("alpha", "XAUUSD", 0, TIME, b'{"price": 1950.50}', 1)
UNSTORABLE = UNSIGNED._replace(payload=b'{"a": "\\u0000"}')
"""What the service refuses before it gets this far; PostgreSQL refuses it too."""

UNEXPECTED = UNSIGNED._replace(instrument="not an instrument")
"""What only the constraints of the table would find."""


def signed(number: int = 1) -> NewSignal:
    """A signal of a signed request; the same number gives the same request."""
    return UNSIGNED._replace(receipt_key=number.to_bytes(32), receipt_expires_at=EXPIRY)


@asynccontextmanager
async def storing(url: str, limits: Limits = LIMITS, *, queue_limit: int = 1000) -> AsyncIterator[Writer]:
    """A writer at work, with a pool of its own."""
    async with Pool(url, limits, size=3) as pool:
        writer = Writer(pool, limits, Journal(), queue_limit=queue_limit)
        async with Tasks(writer=writer.run, second_writer=writer.run_second):
            yield writer


async def store_all(writer: Writer, signals: Sequence[NewSignal]) -> list[Stored | BaseException]:
    """Store signals that arrive together; the outcome of each."""
    return await asyncio.gather(*map(writer.store, signals), return_exceptions=True)


async def store_patiently(writer: Writer, signal: NewSignal) -> Stored:
    """Store a signal as its producer does: sent again as long as nobody knows what became of it."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(InternalError):
                return await writer.store(signal)


def commits(database: Database) -> list[int]:
    """How many signals each commit brought, in the order of the commits."""
    rows = database.fetch("SELECT count(*) AS rows FROM signals GROUP BY xmin ORDER BY xmin::text::bigint")
    return [row["rows"] for row in rows]


def count(database: Database, table: str) -> int:
    rows: int = database.value(f"SELECT count(*) FROM {table}")
    return rows
