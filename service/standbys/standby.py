"""The standby that is read, and what becomes of readers when it will not do."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import asyncpg

from service.feed.errors import CursorExpired
from service.feed.share import Share, unavailable
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool
from service.standbys.heartbeat import NEVER, heard

Read = TypeVar("Read")

_THEIR_OWN_FAULT = (asyncpg.DataError, asyncpg.QueryCanceledError)
"""What any server would answer: that what is asked for is no JSON, or is too much."""


class Result(StrEnum):
    """What became of a read."""

    READ = "read"
    AWAY = "away"
    LAGS = "lags"
    BEHIND = "behind"
    CANCELLED = "cancelled"


class _Lags(Exception):
    """This server has not heard of its primary for too long."""


class Standby(Share):
    """Connections to a standby, or to several behind one address, for those who read.

    `look` has to be called from time to time. It tells whether the standby answers and how far it lags behind the last
    beat of its primary's heart; as long as one of both will not do, nobody has to wait for it. `obstacle` is why.
    """

    def __init__(
        self, pool: Pool, limits: Limits, newest: Callable[[], datetime], *, lag_seconds: float, sessions: int
    ) -> None:
        super().__init__(pool, limits, sessions=sessions)
        self.pool = pool
        self.obstacle: Result | None = Result.LAGS
        self._newest = newest
        self._lag_seconds = lag_seconds
        self._heard = NEVER
        for result in Result:
            metrics.standby_reads.labels(result)

    async def look(self) -> None:
        """See how it is."""
        obstacle: Result | None = None
        error: Exception | None = None
        try:
            async with self.pool.connection() as connection:
                self._heard = await heard(connection)
        except unavailable as exception:
            obstacle, error = Result.AWAY, exception
        if self._heard is not NEVER:
            metrics.standby_lag.set(self._lag(self._heard))
        if obstacle is None and self._lags(self._heard):
            obstacle = Result.LAGS
        self._find(obstacle, error)

    async def try_to(self, read: Callable[[asyncpg.Connection], Awaitable[Read]]) -> tuple[Read] | None:
        """What `read` reads here; None when it is to be asked of the primary. Raises what any server would answer, and
        Overloaded."""
        result = self.obstacle or Result.READ
        found: tuple[Read] | None = None
        try:
            if result is Result.READ:
                found = (await self._read(read),)
        except _Lags:
            result = Result.LAGS
        except CursorExpired:
            result = Result.BEHIND
        except asyncpg.SerializationError:  # it was in the way of what is to be shown next
            result = Result.CANCELLED
        except _THEIR_OWN_FAULT:
            raise
        except unavailable as error:
            result = Result.AWAY
            self._find(result, error)
        metrics.standby_reads.labels(result).inc()
        return found

    async def _read(self, read: Callable[[asyncpg.Connection], Awaitable[Read]]) -> Read:
        """A place that this server has not come to yet may have been given out by another one a moment ago."""
        end = asyncio.get_running_loop().time() + self._limits.standby_wait_seconds
        while True:
            try:
                async with self.connection() as connection:
                    if not self._lags(await heard(connection)):  # as one of several may
                        return await read(connection)
                raise _Lags
            except CursorExpired:
                if asyncio.get_running_loop().time() > end:
                    raise
            await asyncio.sleep(self._limits.tail_poll_seconds)

    def _lag(self, heard: datetime) -> float:
        return max(0.0, (self._newest() - heard).total_seconds())

    def _lags(self, heard: datetime) -> bool:
        return heard is NEVER or self._lag(heard) > self._lag_seconds

    def _find(self, obstacle: Result | None, error: Exception | None) -> None:
        """Each change is told once."""
        if obstacle and obstacle is not self.obstacle:
            log.warning("Standby is not read", reason=str(obstacle), exception=error)
        elif self.obstacle and not obstacle:
            log.info("Standby is read")
        self.obstacle = obstacle


class StandbyFirst(Share):
    """Connections to a standby while it will do, and else to the primary."""

    def __init__(self, standby: Standby, primary: Share) -> None:
        self._standby = standby
        self._primary = primary

    async def ask(self, read: Callable[[asyncpg.Connection], Awaitable[Read]]) -> Read:
        """Only the primary may say that a place is not known."""
        found = await self._standby.try_to(read)
        return await self._primary.ask(read) if found is None else found[0]


def of_any_server(url: str) -> str:
    """The URL of a standby, which need not take writes unless the URL says so."""
    if "target_session_attrs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}target_session_attrs=any"
