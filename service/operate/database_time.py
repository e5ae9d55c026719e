"""What the clock of the database shows: it decides what has expired."""

import time
from datetime import datetime, timedelta

from service.kernel.timestamps import Clock
from service.postgres.pool import Pool


class DatabaseTime:
    """Knows the time of the database, as far as the last look at its clock tells: ahead by at most what that took, so
    that nothing is taken for good that has expired. Until the first look it is that of the process."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._looked: tuple[datetime, float] | None = None

    async def look(self) -> None:
        """Look at the clock of the database."""
        async with self._pool.connection() as connection:
            asked = time.monotonic()
            shown: datetime = await connection.fetchval("SELECT clock_timestamp()")
        self._looked = shown, asked

    def now(self) -> datetime:
        """The time."""
        if self._looked is None:
            return self._clock()
        shown, asked = self._looked
        return shown + timedelta(seconds=time.monotonic() - asked)
