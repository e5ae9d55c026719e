"""The latest events, for streams that have fallen behind a little."""

from bisect import bisect_right
from collections import deque
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from service.feed import Filter, Position

LOOKED_MAX = 1000
"""At how many events it is looked for a stream before others have their turn."""


class Recent(NamedTuple):
    """An event as it is sent, with what filters ask for."""

    position: Position
    instrument: str
    producer: str
    event: bytes


class Memory:
    """All events after `horizon`, in their order, as many as have room in `size` bytes."""

    def __init__(self, size: int) -> None:
        self.horizon: Position | None = None
        self._size = size
        self._events: deque[Recent] = deque()
        self._bytes = 0

    def begin(self, position: Position | None) -> None:
        """Forget everything: what is kept next comes directly after `position`."""
        self.horizon = position
        self._events.clear()
        self._bytes = 0

    def keep(self, recent: Recent) -> None:
        """Keep one more event, and let go what has no room any more."""
        self._events.append(recent)
        self._bytes += len(recent.event)
        while self._bytes > self._size:
            oldest = self._events.popleft()
            self.horizon = oldest.position
            self._bytes -= len(oldest.event)

    def reaches(self, position: Position) -> bool:
        """Whether all events after `position` are here."""
        return self.horizon is not None and position >= self.horizon

    def after(self, position: Position, filter: Filter, size: int) -> tuple[bytes, Position]:
        """The matching events after `position`, about `size` bytes of them and at least one, of the next thousand that
        there are, and the place after the last event that was looked at."""
        found, total = [], 0
        start = bisect_right(self._events, position, key=attrgetter("position"))
        for recent in islice(self._events, start, start + LOOKED_MAX):
            position = recent.position
            if filter.matches(recent.instrument, recent.producer):
                found.append(recent.event)
                total += len(recent.event)
            if total >= size:
                break
        return b"".join(found), position
