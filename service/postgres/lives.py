"""The servers that the data has lived in: a dump that is restored into another server begins a new life."""

from contextlib import suppress
from datetime import datetime

import asyncpg

_BEGIN = """
INSERT INTO lives (life, system_identifier)
SELECT newest.life + 1, present.system_identifier
FROM (SELECT * FROM lives ORDER BY life DESC LIMIT 1) AS newest, pg_control_system() AS present
WHERE newest.system_identifier NOT IN (0, present.system_identifier)
ON CONFLICT DO NOTHING RETURNING started_at
"""


async def begin_life(connection: asyncpg.Connection) -> datetime | None:
    """Begin a new life when the data has come into another server: returns when, to the one process that notices it
    first, and None otherwise. A copy of the server's disk cannot be told, nor anything where the provider's server
    keeps its identifier to itself."""
    moment: datetime | None = None
    with suppress(asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedFunctionError):
        moment = await connection.fetchval(_BEGIN)
    return moment
