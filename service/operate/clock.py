"""Whether the clock of the database agrees with that of the service."""

from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.timestamps import Clock
from service.postgres.pool import Pool


class DatabaseClock:
    """Looks at both clocks. Signals are dated by the database and judged by the service."""

    def __init__(self, pool: Pool, limits: Limits, clock: Clock) -> None:
        self._pool = pool
        self._away_seconds = limits.clock_away_seconds
        self._clock = clock

    async def check(self) -> None:
        """Measure how far the database's is ahead, to within the time of an answer; warn when it is too far away."""
        async with self._pool.connection() as connection:
            shown = await connection.fetchval("SELECT clock_timestamp()")
        seconds = (shown - self._clock()).total_seconds()
        metrics.database_clock.set(seconds)
        if abs(seconds) > self._away_seconds:
            log.warning("The clock of the database is away from the service's", seconds=round(seconds))
