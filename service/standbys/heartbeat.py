"""How far the primary is, told to its standbys again and again: nothing else tells a standby that is cut off from one
whose primary has nothing to do."""

from datetime import UTC, datetime

import asyncpg

from service.kernel.limits import Limits
from service.postgres.pool import Pool

_BEAT = """
UPDATE survey SET at = clock_timestamp() WHERE ctid = (
    SELECT ctid FROM survey WHERE at < clock_timestamp() - make_interval(secs => $1) FOR UPDATE SKIP LOCKED
)
"""
"""Who surveys moves it too, and is not waited for."""

_AT = "SELECT nullif(at, '-infinity') FROM survey"

NEVER = datetime.min.replace(tzinfo=UTC)


async def heard(connection: asyncpg.Connection) -> datetime:
    """When the heart of the primary beat last, by its clock, as far as this server knows. It has all that was
    acknowledged before."""
    return await connection.fetchval(_AT) or NEVER


class Heartbeat:
    """The heart of the primary, which beats while `look` is called. `newest` is the last beat that is known."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self.newest = NEVER
        self._pool = pool
        self._seconds = limits.standby_seconds / 2

    async def look(self) -> None:
        """Let it beat, unless another process just did."""
        async with self._pool.connection() as connection:
            async with connection.transaction(isolation="read_committed"):
                await connection.execute("SET LOCAL synchronous_commit = off")
                await connection.execute(_BEAT, self._seconds)
            self.newest = max(self.newest, await heard(connection))
