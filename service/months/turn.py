"""What only one process may do at a time, and takes a table for itself for a moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg

from service.postgres.schema import unlimited

PATIENCE = "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '300ms'"
"""Whoever wants the same tables waits behind a few statements like these for less than a second."""

NOT_NOW = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
"""What the server answers where somebody else uses the tables: it is to be tried again."""

_RETRY_SECONDS = 0.5


@asynccontextmanager
async def alone(url: str, lock: int) -> AsyncIterator[asyncpg.Connection | None]:
    """A session for what takes the time it takes; None while another process has this advisory lock.

    The lock is that of a transaction in a session of its own, which no pooler can keep; it has no snapshot, for which
    an index that is built would wait. Raises SettingsError when a pooler is in the way, and NoConnection.
    """
    async with unlimited(url) as holder, holder.transaction(isolation="read_committed"):
        if await holder.execute(f"SELECT WHERE pg_try_advisory_xact_lock({lock})") != "SELECT 1":
            yield None
            return
        async with unlimited(url) as connection:
            yield connection


async def soon(connection: asyncpg.Connection, work: Callable[[], Awaitable[object]]) -> None:
    """Do this in one transaction as soon as nobody uses the tables that it needs: whoever comes after waits behind it,
    so it waits for a moment only, again and again."""
    while True:
        try:
            async with connection.transaction(isolation="read_committed"):
                await connection.execute(PATIENCE)
                await work()
            return
        except NOT_NOW:
            await asyncio.sleep(_RETRY_SECONDS)
