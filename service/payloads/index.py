"""The index by which signals are found by what their payloads contain: for operators to whom it is worth its cost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from service.following.changes import RegistryRefusal
from service.months.turn import alone, soon
from service.postgres import audit

NAME = "ix_signals_payload"

PAYLOADS_LOCK = 0x5061796C6F616473
"""The advisory lock of who makes or drops the index: the ASCII bytes of `Payloads`."""

_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"

_LACKING = """
SELECT relname FROM pg_inherits AS part JOIN pg_class ON pg_class.oid = part.inhrelid
WHERE part.inhparent = to_regclass('signals') AND NOT EXISTS (
    SELECT FROM pg_index JOIN pg_inherits AS of_whole ON of_whole.inhrelid = indexrelid
    WHERE indrelid = part.inhrelid AND of_whole.inhparent = to_regclass($1)
) ORDER BY relname LIMIT 1
"""

_KIND = "USING gin (payload jsonb_path_ops) WITH (fastupdate = off)"
"""jsonb_path_ops serves `@>` alone, and is much smaller than what serves all operators. With fastupdate one signal in
thousands would pay for all the others, and everybody would wait for it."""


async def create(url: str, by: str) -> bool:
    """Make the index while signals are stored, in place of one that was left unfinished; returns whether it was not
    there. Needs the ORM for its row in the audit trail. Raises RegistryRefusal when somebody is making it,
    SettingsError when a pooler is in the way, and NoConnection."""
    async with _alone(url) as connection:
        if await is_valid(connection):
            return False
        await soon(connection, partial(connection.execute, f"DROP INDEX IF EXISTS {NAME}"))
        await soon(connection, partial(connection.execute, f"CREATE INDEX {NAME} ON ONLY signals {_KIND}"))
        while (table := await connection.fetchval(_LACKING, NAME)) is not None:
            await _make_part(connection, table)
    await audit.record(by, "payload-index create")
    return True


async def drop(url: str, by: str) -> bool:
    """Drop the index, be it finished or not; returns whether there was one. Raises what `create` raises."""
    async with _alone(url) as connection:
        if await is_valid(connection) is None:
            return False
        await soon(connection, partial(connection.execute, f"DROP INDEX IF EXISTS {NAME}"))
    await audit.record(by, "payload-index drop")
    return True


async def is_valid(connection: asyncpg.Connection) -> bool | None:
    """Whether the index is finished; None where there is none."""
    valid: bool | None = await connection.fetchval(_VALID, NAME)
    return valid


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[asyncpg.Connection]:
    async with alone(url, PAYLOADS_LOCK) as connection:
        if connection is None:
            raise RegistryRefusal("The index is being made already")
        yield connection


async def _make_part(connection: asyncpg.Connection, table: str) -> None:
    """Each table of signals has its own, and the whole is finished with the last of them."""
    part = f"ix_{table}_payload"
    await connection.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{part}"')
    await connection.execute(f'CREATE INDEX CONCURRENTLY "{part}" ON "{table}" {_KIND}')
    await soon(connection, partial(connection.execute, f'ALTER INDEX {NAME} ATTACH PARTITION "{part}"'))
