"""The index by which signals are found by what their payloads contain: for operators to whom it is worth its cost."""

import asyncpg

from service.following.changes import RegistryRefusal
from service.postgres import audit, schema

NAME = "ix_signals_payload"

_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)"

_BEING_MADE = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = to_regclass($1))"

_CREATE = f"CREATE INDEX CONCURRENTLY {NAME} ON signals USING gin (payload jsonb_path_ops) WITH (fastupdate = off)"
"""jsonb_path_ops serves `@>` alone, and is much smaller than what serves all operators. With fastupdate one signal in
thousands would pay for all the others, and everybody would wait for it."""

_DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"


async def create(url: str, by: str) -> bool:
    """Make the index while signals are stored, in place of one that was left unfinished; returns whether it was not
    there. Needs the ORM for its row in the audit trail. Raises RegistryRefusal when somebody is making it,
    SettingsError when a pooler is in the way, and NoConnection."""
    async with schema.unlimited(url) as connection:
        await _refuse_while_being_made(connection)
        if await is_valid(connection):
            return False
        await connection.execute(_DROP)
        await connection.execute(_CREATE)
    await audit.record(by, "payload-index create")
    return True


async def drop(url: str, by: str) -> bool:
    """Drop the index, be it finished or not; returns whether there was one. Raises what `create` raises."""
    async with schema.unlimited(url) as connection:
        await _refuse_while_being_made(connection)
        if await is_valid(connection) is None:
            return False
        await connection.execute(_DROP)
    await audit.record(by, "payload-index drop")
    return True


async def is_valid(connection: asyncpg.Connection) -> bool | None:
    """Whether the index is finished; None where there is none."""
    valid: bool | None = await connection.fetchval(_VALID, NAME)
    return valid


async def _refuse_while_being_made(connection: asyncpg.Connection) -> None:
    if await connection.fetchval(_BEING_MADE, NAME):
        raise RegistryRefusal("The index is being made already")
