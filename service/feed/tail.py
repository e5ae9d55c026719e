"""The tail of the feed: one task a process reads what is new, for all who wait for it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Never

import asyncpg

from service.feed.events import Row
from service.feed.pace import next_rows
from service.feed.position import Position
from service.feed.share import unavailable
from service.feed.statement import Asked, is_behind, look, newest
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lives.snapshot import snapshot
from service.postgres.pool import Pool

Follower = Callable[[Sequence[Row]], float]
"""Takes new signals, and returns for how many seconds nothing more should be read."""

FallBack = Callable[[Position], None]
"""Is told that the store ends at this place, before what was told already: what is told next comes after it."""


class Tail:
    """Tells its followers what is new, in the order of the feed, as long as there are any.

    It looks when it is woken, which the writer of the same process does, and else again and again: for what other
    processes have stored, and for what an older transaction has kept from being read.
    """

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._followers: dict[Follower, FallBack] = {}
        self._position: Position | None = None
        self._rows = 1
        self._news = asyncio.Event()
        self._followed = asyncio.Event()
        self._failing = False
        self._checked_at = 0.0

    def wake(self) -> None:
        """Something was stored."""
        self._news.set()

    async def follow(self, follower: Follower, fall_back: FallBack) -> Position:
        """Tell `follower` all that comes after the place that is returned, beginning after this turn of the event
        loop, and `fall_back` when an older copy of the database was put back. Raises what is in `unavailable`."""
        if self._position is None:
            async with self._pool.connection() as connection, snapshot(connection):
                position = await newest(connection)
            self._position = self._position or position
        self._followers[follower] = fall_back
        self._followed.set()
        return self._position

    def leave(self, follower: Follower) -> None:
        """Tell it nothing any more."""
        del self._followers[follower]
        if not self._followers:
            self._followed.clear()
            self._position = None

    async def run(self) -> Never:
        """Read while somebody follows, for ever."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await self._followed.wait()
            timer = loop.call_at(began + self._limits.tail_poll_seconds, self._news.set)
            await self._news.wait()
            timer.cancel()
            self._news.clear()
            began = loop.time()
            await asyncio.sleep(began + await self._look() - loop.time())

    async def _look(self) -> float:
        """Read once; returns for how many seconds to rest since then."""
        position = self._position
        if position is None:
            return 0
        try:
            async with self._pool.connection() as connection, snapshot(connection):
                found = await look(connection, Asked(after=position, rows=self._rows))
                end = position if found.rows else await self._end(connection, position)
        except unavailable as error:
            if not self._failing:
                log.warning("Tail of the feed cannot be read", exception=error)
            self._failing = True
            self._rows = 1  # they may have been too large together
            return self._limits.tail_retry_seconds
        self._failing = False
        if position != self._position:  # those who followed have left, and others have come
            return self._limits.tail_tick_seconds
        if not found.rows:
            self._fall_back(end)
            return self._limits.tail_tick_seconds
        self._position = found.position
        rows = next_rows(self._rows, found.rows, self._limits.page_bytes)
        self._rows = min(rows, self._limits.tail_rows)
        rests = [follower(found.rows) for follower in [*self._followers]]
        if not found.all:
            self._news.set()
        return max(self._limits.tail_tick_seconds if found.all else 0, *rests)

    async def _end(self, connection: asyncpg.Connection, position: Position) -> Position:
        """The place from which to go on where nothing was found: another one if the store is behind it."""
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < self._limits.tail_check_seconds:
            return position
        self._checked_at = now
        end = await newest(connection)
        return end if await is_behind(connection, end, position) else position

    def _fall_back(self, end: Position) -> None:
        if end == self._position:
            return
        self._position = end
        for fall_back in [*self._followers.values()]:
            fall_back(end)
