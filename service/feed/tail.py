"""The tail of the feed: one task a process reads what is new, for all who wait for it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Never

from service.feed.position import Position
from service.feed.share import unavailable
from service.feed.statement import Asked, Row, look, newest, snapshot
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool

Follower = Callable[[Sequence[Row]], float]
"""Takes new signals, and returns for how many seconds nothing more should be read."""


class Tail:
    """Tells its followers what is new, in the order of the feed, as long as there are any.

    It looks when it is woken, which the writer of the same process does, and else again and again: for what other
    processes have stored, and for what an older transaction has kept from being read.
    """

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._followers: list[Follower] = []
        self._position: Position | None = None
        self._news = asyncio.Event()
        self._followed = asyncio.Event()
        self._failing = False

    def wake(self) -> None:
        """Something was stored."""
        self._news.set()

    async def follow(self, follower: Follower) -> Position:
        """Tell `follower` all that comes after the place that is returned, beginning after this turn of the event
        loop. Raises what is in `unavailable`."""
        if self._position is None:
            async with self._pool.connection() as connection, snapshot(connection):
                position = await newest(connection)
            self._position = self._position or position
        self._followers.append(follower)
        self._followed.set()
        return self._position

    def leave(self, follower: Follower) -> None:
        """Tell it nothing any more."""
        self._followers.remove(follower)
        if not self._followers:
            self._followed.clear()
            self._position = None

    async def run(self) -> Never:
        """Read while somebody follows, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._followed.wait()
            timer = loop.call_later(self._limits.tail_poll_seconds, self._news.set)
            await self._news.wait()
            timer.cancel()
            self._news.clear()
            began = loop.time()
            rest = await self._look()
            await asyncio.sleep(rest - (loop.time() - began))

    async def _look(self) -> float:
        """Read once; returns for how many seconds to rest since then."""
        position = self._position
        if position is None:
            return 0
        try:
            async with self._pool.connection() as connection, snapshot(connection):
                found = await look(connection, Asked(after=position, rows=self._limits.tail_rows))
        except unavailable as error:
            if not self._failing:
                log.warning("Tail of the feed cannot be read", exception=error)
            self._failing = True
            return self._limits.tail_retry_seconds
        self._failing = False
        if position != self._position or not found.rows:  # those who followed have left, and others have come
            return self._limits.tail_tick_seconds
        self._position = found.position
        rests = [follower(found.rows) for follower in [*self._followers]]
        if not found.all:
            self._news.set()
        return max(self._limits.tail_tick_seconds if found.all else 0, *rests)
