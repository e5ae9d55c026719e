"""What lies in an archive, and is to be read here no more."""

from uuid import UUID

import asyncpg

from service.feed.position import ORIGIN, Position

FLOOR = """
SELECT epoch, xact, id FROM archives WHERE archived_at IS NOT NULL AND restored_at IS NULL AND epoch IS NOT NULL
"""
"""The highest places of the months that lie in archives."""

_FLOOR = f"{FLOOR} ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"

_ARCHIVED = """
SELECT EXISTS (
    SELECT FROM archives WHERE $1 >= lower AND $1 < upper AND archived_at IS NOT NULL AND restored_at IS NULL
)
"""


async def floor(connection: asyncpg.Connection) -> Position:
    """The place of the last signal that lies in an archive; that before all signals where there is none."""
    record = await connection.fetchrow(_FLOOR)
    return Position(*record) if record else ORIGIN


async def is_archived(connection: asyncpg.Connection, id: UUID) -> bool:
    """Whether an id is one of a month that lies in an archive, be there such a signal or not."""
    archived: bool = await connection.fetchval(_ARCHIVED, id)
    return archived
