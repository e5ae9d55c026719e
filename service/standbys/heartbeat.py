"""How far the primary is: nothing else tells a standby that is cut off from one whose primary has nothing to do."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from service.feed.share import unavailable
from service.postgres.pool import Pool

NEVER = datetime.min.replace(tzinfo=UTC)

_AHEAD = timedelta(seconds=-1)
"""So far a beat may be ahead of the clock it was taken from; further, and that clock was set back."""

_HEARD = """
SELECT nullif(at, '-infinity') AS at, clock_timestamp() - nullif(at, '-infinity') AS age, pg_is_in_recovery() AS follows
FROM survey
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """When the survey of the primary last had nothing more to look at, by the clock of the primary and as far as this
    server knows; how long ago, by its own clock; and whether it follows another server."""

    at: datetime
    age: timedelta
    follows: bool

    @classmethod
    async def by(cls, connection: asyncpg.Connection) -> "Heard":
        """What this server has heard."""
        record = await connection.fetchrow(_HEARD)
        return cls(record["at"] or NEVER, record["age"] or timedelta.max, record["follows"])


class Heartbeat:
    """What is known of the primary's heart, which beats with each survey: `newest` is its last beat that is known. It
    is `stale` when that was too long ago as the primary was last asked: then its survey is behind, or its clock was set
    back, and it says nothing of a standby."""

    def __init__(self, pool: Pool, *, lag_seconds: float) -> None:
        self.newest = NEVER
        self.stale = True
        self._pool = pool
        self._lag = timedelta(seconds=lag_seconds)

    async def look(self) -> None:
        """Listen. Does nothing while the primary does not answer: a standby that has all of it may be read on."""
        try:
            async with self._pool.connection() as connection:
                heard = await Heard.by(connection)
        except unavailable:
            return
        self.newest = heard.at
        self.stale = not _AHEAD <= heard.age <= self._lag
