"""A service sees to it that there are months ahead, and tells how far it has come."""

from datetime import datetime

import asyncpg

from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.months.making import TooMany, make, missing
from service.months.month import Month
from service.months.partitions import DEFAULT, ahead, partitions
from service.postgres.pool import Pool

_OUTSIDE = f"SELECT count(*) FROM (SELECT FROM {DEFAULT} LIMIT 10000) AS few"  # nosec B608


class Months:
    """Makes the months that are to come, where the role may. One process does it, and the others find it done."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._ahead = limits.months_ahead
        self._told: set[str] = set()
        self._outside = 0

    async def look(self) -> None:
        """Make what is missing, and tell what is there."""
        async with self._pool.connection() as connection:
            now: datetime = await connection.fetchval("SELECT now()")
            wanted = await missing(connection, Month.of(now), self._ahead)
        for month in wanted:
            await self._make(month)
        async with self._pool.connection() as connection:
            metrics.months_ahead.set(ahead(await partitions(connection), Month.of(now)))
            self._tell_outside(await connection.fetchval(_OUTSIDE))

    async def _make(self, month: Month) -> None:
        try:
            async with self._pool.connection() as connection:
                moved = await make(connection, month)
        except asyncpg.InsufficientPrivilegeError:
            self._tell("Months cannot be made by this role: run `signals migrate`", month)
        except TooMany:
            self._tell("Too many signals of a month lie outside of all months to be moved", month)
        except (asyncpg.LockNotAvailableError, asyncpg.IdleInTransactionSessionTimeoutError):
            log.info("Month is made later: its tables are in use", month=str(month))
        except (asyncpg.QueryCanceledError, TimeoutError):
            self._tell("Month cannot be made in the time that a service has: run `signals migrate`", month)
        else:
            if moved is not None:
                log.info("Month made", month=str(month), moved=moved)

    def _tell(self, sentence: str, month: Month) -> None:
        """Once for all."""
        if sentence not in self._told:
            log.warning(sentence, month=str(month))
        self._told.add(sentence)

    def _tell_outside(self, number: int) -> None:
        metrics.outside_months.set(number)
        if number > self._outside:
            log.warning("Signals lie outside of all months: a clock was wrong", signals=number)
        self._outside = number
