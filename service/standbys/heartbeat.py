"""How far the primary is: nothing else tells a standby that is cut off from one whose primary has nothing to do."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from service.feed.share import unavailable
from service.kernel.limits import Limits
from service.postgres.pool import Pool

NEVER = datetime.min.replace(tzinfo=UTC)

_HEARD = "SELECT nullif(at, '-infinity') AS at, pg_is_in_recovery() AS follows FROM survey"


@dataclass(frozen=True, slots=True)
class Heard:
    """When the survey of the primary last had nothing more to look at, by the clock of the primary and as far as this
    server knows: it shows all that was acknowledged before. Whether it follows another server."""

    at: datetime
    follows: bool

    @classmethod
    async def by(cls, connection: asyncpg.Connection) -> "Heard":
        """What this server has heard."""
        record = await connection.fetchrow(_HEARD)
        return cls(record["at"] or NEVER, record["follows"])


class Heartbeat:
    """What is known of the primary's heart, which beats with each survey. Its last beat that is known is `newest`; one
    of a primary that answers and does not beat any more is `stale`, and says nothing of a standby."""

    def __init__(self, pool: Pool, limits: Limits, *, lag_seconds: float) -> None:
        self.newest = NEVER
        self.stale = True
        self._pool = pool
        self._seconds = max(lag_seconds, limits.command_seconds)
        self._beat_at = 0.0

    async def look(self) -> None:
        """Listen. Does nothing while the primary does not answer: a standby that has all of it may be read on."""
        try:
            async with self._pool.connection() as connection:
                heard = await Heard.by(connection)
        except unavailable:
            return
        now = asyncio.get_running_loop().time()
        if heard.at != self.newest:
            self.newest, self._beat_at = heard.at, now
        self.stale = heard.at is NEVER or now - self._beat_at > self._seconds
