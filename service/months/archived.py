"""Which months lie in an archive: what was in them is to be read here no more."""

from typing import Any
from uuid import UUID

import asyncpg

FLOOR = """
SELECT epoch, xact, id FROM archives WHERE archived_at IS NOT NULL AND restored_at IS NULL AND epoch IS NOT NULL
"""
"""The highest places at which signals of these months were given."""

_FLOOR = f"{FLOOR} ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"

_ARCHIVED = """
SELECT EXISTS (
    SELECT FROM archives WHERE $1 >= lower AND $1 < upper AND archived_at IS NOT NULL AND restored_at IS NULL
)
"""


async def floor(connection: asyncpg.Connection) -> tuple[Any, ...]:
    """The last place at which a signal was given that lies in an archive: epoch, transaction and id; that before all
    signals where there is none."""
    record = await connection.fetchrow(_FLOOR)
    return tuple(record) if record else (0, 0, UUID(int=0))


async def is_archived(connection: asyncpg.Connection, id: UUID) -> bool:
    """Whether an id is one of a month that lies in an archive, be there such a signal or not."""
    archived: bool = await connection.fetchval(_ARCHIVED, id)
    return archived
