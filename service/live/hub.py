"""Where new signals go out to all streams."""

import asyncio
import time
from collections.abc import Sequence

from service.feed import Position, Row, Tail
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.timestamps import Clock, utc_now
from service.live.groups import Group, Groups
from service.live.memory import Memory, Recent
from service.live.stream import End, Stream

CHUNK_BYTES = 256 * 1024
"""About how much is written to a stream at once, and so how much of it one that does not read can make us keep."""

SHARE = 0.12
"""The share of the processor that writing to streams may take. With more to write than that the ticks grow longer, and
more events share a write, instead of everything else growing slower."""


class Hub:
    """Writes what the tail has read straight to the transports of those streams that are in step: no task is woken, and
    nothing is copied or framed for each of them. `position` is the place up to which they were written to.

    It follows the tail while there are streams.
    """

    def __init__(self, tail: Tail, limits: Limits, now: Clock = utc_now) -> None:
        """`now` is the time by which signals expire."""
        self.position: Position | None = None
        self.memory = Memory(limits.stream_memory_bytes, now)
        self.streams = Groups()
        self.leaving = False
        self._tail = tail
        self._opening = asyncio.Lock()
        self._ahead: list[Stream] = []

    async def begin(self) -> Position:
        """Follow the tail. Returns where it is. Raises what the tail raises when it cannot know."""
        async with self._opening:
            if self.position is None:
                self.position = await self._tail.follow(self.take, self.fall_back)
                self.memory.begin(self.position)
            return self.position

    def add(self, stream: Stream) -> None:
        """Have one more stream; to be called in the turn in which `begin` has returned."""
        self.streams.add(stream)
        if self.leaving:
            stream.finish(End.SHUTDOWN)

    def rest(self) -> None:
        """Follow the tail no longer if there are no streams."""
        if self.position is not None and not self.streams:
            self._tail.leave(self.take)
            self.position = None
            self.memory.begin(None)

    def take(self, rows: Sequence[Row]) -> float:
        """Write new rows, all that come directly after the present position. Returns for how many seconds nothing more
        should be read.

        What is told half is not told: if this fails, all streams are cut off, and come back for the rest.
        """
        began = time.thread_time()
        try:
            self._spread(rows)
        except Exception as error:
            log.error("Streams cut off", exception=error)
            metrics.background_failures.labels("streams").inc()
            self._cut_off(rows[-1].position)
        self._wake_ahead()
        return (time.thread_time() - began) / SHARE

    def fall_back(self, end: Position) -> None:
        """An older copy of the database was put back, which ends there. Their readers are told when they come back."""
        log.warning("Store is behind the live feed: streams cut off")
        self._cut_off(end)
        self._wake_ahead()

    def forget(self) -> None:
        """Remember no events, which may tell what is not to be told again: streams that are behind read from the
        database."""
        self.memory.begin(self.position)

    def _cut_off(self, position: Position) -> None:
        self.position = position
        self.memory.begin(position)
        self.streams.drop_pending()
        for stream in self.streams:
            stream.outlet.cut()
            stream.finish(End.FAILED)

    def _spread(self, rows: Sequence[Row]) -> None:
        touched: list[Group] = []
        size = 0
        recents = [Recent.of(row) for row in rows]
        for recent in recents:
            self.memory.note(recent)
        for recent in recents:
            self.memory.keep(recent)
            for group in self.streams.concerned(recent.instrument, recent.producer):
                event = self.memory.shown(recent, group.filter)
                if event is None:
                    continue
                if not group.pending:
                    touched.append(group)
                group.pending.append(event)
            size += recent.size
            if size > CHUNK_BYTES:
                self._write(touched, recent.position)
                touched, size = [], 0
        self._write(touched, rows[-1].position)

    def _write(self, groups: Sequence[Group], reached: Position) -> None:
        before, self.position = self.position or reached, reached
        metrics.stream_events.inc(sum(group.write(before) for group in groups))

    async def caught_up(self, stream: Stream) -> None:
        """Wait with a stream whose reader has come from a process that was further than this one."""
        self._ahead.append(stream)
        await stream.woken()

    def _wake_ahead(self) -> None:
        for stream in self._ahead:
            stream.wake()
        self._ahead.clear()

    def leave(self) -> None:
        """End all streams, those too that are being opened."""
        self.leaving = True
        for stream in self.streams:
            stream.finish(End.SHUTDOWN)
