"""Tables that are locked, and those who wait for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.running.postgres import Database
from tests.running.waiting import until, wait_until

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def locked(database: Database, table: str = "signals", mode: str = "EXCLUSIVE") -> AsyncIterator[None]:
    """A table that nobody else can write, for as long as the context lasts; nor read, with ACCESS EXCLUSIVE."""
    client = await asyncpg.connect(database.url)
    try:
        async with client.transaction():
            await client.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield
    finally:
        await client.close()


async def until_somebody_waits(database: Database, *, sessions: int = 1) -> None:
    """Return when so many sessions of the database wait for a lock."""
    await asyncio.to_thread(wait_until, lambda: database.value(_WAITING) >= sessions, "somebody waits for a lock")


_MIGRATING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (query LIKE '%pg\\_try\\_advisory%' OR query = 'COMMIT;')
"""


async def until_a_migration_waits(database: Database) -> None:
    """Return when a migration has asked whether it is its turn, and does nothing else."""
    await asyncio.to_thread(wait_until, lambda: database.value(_MIGRATING) > 0, "a migration asks for its turn")


async def until_it_gives_up(database: Database) -> None:
    """Return when a connection to the database has waited for a lock, and none does any more."""
    await until(lambda: database.value(_WAITING) > 0, "somebody waits for a lock")
    await until(lambda: database.value(_WAITING) == 0, "it has given up")
