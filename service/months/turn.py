"""What only one process may do at a time, and takes a table for itself for a moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import asyncpg

from service.postgres.schema import unlimited

PATIENCE = """
SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '300ms';
SET LOCAL idle_in_transaction_session_timeout = '500ms'
"""
"""Whoever wants the same tables waits behind a few statements like these for less than a second, also when this process
stands still between them: the server ends its session then."""

NOT_NOW = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)
"""What the server answers where somebody else uses the tables: it is to be tried again."""

CANCELLED_MAX = 8
"""How often it is tried again although it took too long: it may have waited for several tables, one after the other."""

_RETRY_SECONDS = 0.5

Result = TypeVar("Result")


class SessionEnded(ConnectionError):
    """The server has ended the session. What was not committed is not done."""

    sqlstate = "08003"


@asynccontextmanager
async def alone(url: str, lock: int) -> AsyncIterator[asyncpg.Connection | None]:
    """A session for what takes the time it takes; None while another process has this advisory lock.

    The lock is that of a transaction in a session of its own, which no pooler can keep; it has no snapshot, for which
    an index that is built would wait. When that session ends, so does the other, since another process may have the
    lock then. Raises SettingsError when a pooler is in the way, NoConnection, and SessionEnded.
    """
    async with unlimited(url) as holder:
        await holder.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        if await holder.execute(f"SELECT WHERE pg_try_advisory_xact_lock({lock})") != "SELECT 1":
            yield None
            return
        async with unlimited(url) as connection:
            holder.add_termination_listener(lambda _: connection.terminate())
            with _ending_told(connection):
                yield connection


@contextmanager
def _ending_told(connection: asyncpg.Connection) -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        if connection.is_closed():
            raise SessionEnded("the server has ended the session: run it again") from None
        raise


async def patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do this as soon as nobody uses the tables that it needs. Raises QueryCanceledError when it takes too long again
    and again, which is nobody else's doing."""
    cancelled = 0
    while True:
        try:
            return await work()
        except asyncpg.LockNotAvailableError:
            cancelled = 0
            await asyncio.sleep(_RETRY_SECONDS)
        except asyncpg.QueryCanceledError:
            cancelled += 1
            if cancelled == CANCELLED_MAX:
                raise
            await asyncio.sleep(_RETRY_SECONDS)


async def soon(connection: asyncpg.Connection, work: Callable[[], Awaitable[object]]) -> None:
    """Do this in one transaction as soon as nobody uses the tables that it needs: whoever comes after waits behind it,
    so it waits for a moment only, again and again. Raises what `patiently` raises."""

    async def try_it() -> None:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(PATIENCE)
            await work()

    await patiently(try_it)
