"""The bound that a migration to months leaves behind when it is broken off."""

import sys
from contextlib import suppress

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


async def take_back(connector: Connector) -> None:
    """Remove it if it is there; says how to do so on standard error while somebody uses the table."""
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await connector()
        try:
            await connection.execute(_TAKE_BACK)
        except asyncpg.LockNotAvailableError:
            print(f"signals: {_LEFT}", file=sys.stderr)
        finally:
            await connection.close()
