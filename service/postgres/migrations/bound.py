"""The bound that a migration to months leaves behind when it is broken off."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from service.postgres.connector import Connector

_TAKE_BACK = """
SET LOCAL lock_timeout = '500ms';
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('signals') AND conname = 'ck_signals_bound') THEN
        ALTER TABLE signals DROP CONSTRAINT ck_signals_bound;
    END IF;
END
$$
"""
"""What 13_20261126170000_partitions.py has begun: from that bound on no signal could be stored."""

_LEFT = (
    "The migration is broken off, and its bound stays, from which on no signal can be stored. Unless you run it again: "
    "ALTER TABLE signals DROP CONSTRAINT ck_signals_bound"
)


@asynccontextmanager
async def taken_back(connector: Connector) -> AsyncIterator[None]:
    """Remove it if what is done within fails, or is told to stop; where somebody uses the table, say how to do so on
    standard error."""
    try:
        yield
    except BaseException:
        await _take_back(connector)
        raise


async def _take_back(connector: Connector) -> None:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await connector()
        try:
            await connection.execute(_TAKE_BACK)
        except asyncpg.LockNotAvailableError:
            print(f"signals: {_LEFT}", file=sys.stderr)
        finally:
            await connection.close()
