"""The standby that is read, and what becomes of readers when it will not do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

import asyncpg

from service.feed.errors import CursorExpired, FeedUnavailable
from service.feed.share import Share, unavailable
from service.http.errors import Overloaded
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool, Result
from service.standbys.heartbeat import NEVER, Heard, Heartbeat

_THEIR_OWN_FAULT = (asyncpg.DataError, asyncpg.QueryCanceledError)
"""What any server would answer: that what is asked for is no JSON, or is too much."""

Read = Callable[[asyncpg.Connection], Awaitable[Result]]


class Use(StrEnum):
    """What use a standby was to a reader."""

    READ = "read"
    UNKNOWN = "unknown"
    AWAY = "away"
    LAGS = "lags"
    LEADS = "leads"
    BEHIND = "behind"
    CANCELLED = "cancelled"
    BUSY = "busy"


class Unfit(Exception):
    """The primary is to be asked."""

    def __init__(self, use: Use) -> None:
        super().__init__(use)
        self.use = use


class Standby(Share):
    """Connections to a standby, or to several behind one address, for those who read.

    `look` has to be called from time to time. It finds out whether the standby answers, and how far it is behind its
    primary; while it will not do, nobody has to wait for it. `obstacle` is why.
    """

    def __init__(self, pool: Pool, limits: Limits, heartbeat: Heartbeat, *, lag_seconds: float, sessions: int) -> None:
        super().__init__(pool, limits, sessions=sessions)
        self.pool = pool
        self.obstacle: Use | None = Use.UNKNOWN
        self._heartbeat = heartbeat
        self._lag_seconds = lag_seconds
        self._heard = NEVER
        self._began = time.monotonic()

    async def look(self) -> None:
        """See how it is."""
        obstacle: Use | None = None
        error: Exception | None = None
        try:
            async with self.pool.connection() as connection:
                heard = await Heard.by(connection)
                obstacle = self._judge(heard, connection)
            self._heard = max(self._heard, heard.at)
        except unavailable as exception:
            obstacle, error = Use.AWAY, exception
        never = self._heard is NEVER
        metrics.standby_lag.set(time.monotonic() - self._began if never else self._lag(self._heard))
        self._find(obstacle, error)

    async def read(self, read: Read[Result]) -> Result:
        """What `read` reads here, perhaps in a moment: where the standby has not come to a place yet.

        Raises Unfit, and what any server would answer.
        """
        try:
            return await self._read(read)
        except Overloaded:
            raise Unfit(Use.BUSY) from None
        except (CursorExpired, FeedUnavailable):  # of which only the primary knows more
            raise Unfit(Use.BEHIND) from None
        except asyncpg.TransactionRollbackError:  # it was in the way of what is to be shown next
            raise Unfit(Use.CANCELLED) from None
        except _THEIR_OWN_FAULT:
            raise
        except unavailable:
            raise Unfit(Use.AWAY) from None

    async def _read(self, read: Read[Result]) -> Result:
        """A place that this server has not come to yet may have been given out by another one a moment ago."""
        end = asyncio.get_running_loop().time() + self._limits.standby_wait_seconds
        while True:
            try:
                return await self._read_now(read)
            except FeedUnavailable:
                if asyncio.get_running_loop().time() > end:
                    raise
            await asyncio.sleep(self._limits.tail_poll_seconds)

    async def _read_now(self, read: Read[Result]) -> Result:
        if self.obstacle is not None:
            raise Unfit(self.obstacle)
        async with self.connection() as connection:
            obstacle = self.obstacle or self._judge(await Heard.by(connection), connection)
            if obstacle is None:
                return await read(connection)
        raise Unfit(obstacle)

    def _judge(self, heard: Heard, connection: asyncpg.Connection) -> Use | None:
        """Why this server will not do. Its session ends then: with several the next one may lead to a better one."""
        obstacle: Use | None = None
        if not heard.follows:
            obstacle = Use.LEADS
        elif NEVER in {heard.at, self._heartbeat.newest}:
            obstacle = Use.UNKNOWN
        elif self._heartbeat.stale or self._lag(heard.at) > self._lag_seconds:
            obstacle = Use.LAGS
        if obstacle is not None:
            connection.terminate()
        return obstacle

    def _lag(self, heard: datetime) -> float:
        return max(0.0, (self._heartbeat.newest - heard).total_seconds())

    def _find(self, obstacle: Use | None, error: Exception | None) -> None:
        """Each change is told once."""
        if obstacle and obstacle not in {self.obstacle, Use.UNKNOWN}:
            log.warning("Standby is not read", reason=str(obstacle), exception=error)
        elif self.obstacle and not obstacle:
            log.info("Standby is read")
        self.obstacle = obstacle


class StandbyFirst(Share):
    """Connections to the primary; what may be asked elsewhere is asked of a standby while that will do."""

    def __init__(self, pool: Pool, limits: Limits, standby: Standby, *, sessions: int) -> None:
        super().__init__(pool, limits, sessions=sessions)
        self._standby = standby

    async def ask(self, read: Read[Result]) -> Result:
        """What `read` reads with one of them. Only the primary may say that a place is not known."""
        try:
            result = await self._standby.read(read)
        except Unfit as unfit:
            metrics.standby_reads.labels(unfit.use).inc()
            return await super().ask(read)
        metrics.standby_reads.labels(Use.READ).inc()
        return result


def of_any_server(url: str) -> str:
    """The URL of a standby, which need not take writes unless the URL says so."""
    if "target_session_attrs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}target_session_attrs=any"
