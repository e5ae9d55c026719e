"""The latest events, for streams that have fallen behind a little."""

from bisect import bisect_right
from collections import deque
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, Self
from uuid import UUID

from service.feed import Filter, Position, Row
from service.feed.events import SIGNAL, STATUS
from service.kernel.timestamps import Clock, utc_now
from service.live import frames

LOOKED_MAX = 1000
"""At how many events it is looked for a stream before others have their turn."""


class Recent(NamedTuple):
    """An event as it is sent, with what filters ask for: what is `waiting` for approval is not for everybody, and what
    gives approval is for others the signal as it was `approved`."""

    position: Position
    instrument: str
    producer: str
    event: bytes
    signal: UUID | None = None
    closed: bool = False
    closes: bool = False
    expires_at: datetime | None = None
    waiting: bool = False
    approved: bytes | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """An event of the feed."""
        return cls(
            row.position,
            row.instrument,
            row.producer,
            frames.event(row.kind, row.position.cursor, row.json),
            row.signal,
            row.closed,
            row.closed and row.kind == STATUS,
            row.expires_at,
            row.waiting,
            None if row.approved is None else frames.event(SIGNAL, row.position.cursor, row.approved),
        )

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.event) + len(self.approved or b"")

    def expired(self, now: datetime) -> bool:
        """Whether its signal has expired."""
        return self.expires_at is not None and self.expires_at <= now


class Memory:
    """All events after `horizon`, in their order, as many as have room in `size` bytes. `now` is the time by which
    signals expire."""

    def __init__(self, size: int, now: Clock = utc_now) -> None:
        self.horizon: Position | None = None
        self._now = now
        self._closed: set[UUID | None] = set()
        self._size = size
        self._events: deque[Recent] = deque()
        self._bytes = 0

    def begin(self, position: Position | None) -> None:
        """Forget everything: what is kept next comes directly after `position`."""
        self.horizon = position
        self._events.clear()
        self._closed.clear()
        self._bytes = 0

    def keep(self, recent: Recent) -> None:
        """Keep one more event, and let go what has no room any more."""
        self._events.append(recent)
        self._bytes += recent.size
        self.note(recent)
        while self._bytes > self._size:
            oldest = self._events.popleft()
            self.horizon = oldest.position
            self._bytes -= oldest.size
            if oldest.closes:
                self._closed.discard(oldest.signal)

    def note(self, recent: Recent) -> None:
        """Know of what closes a signal before it is its turn to be kept."""
        if recent.closes:
            self._closed.add(recent.signal)

    def shown(self, recent: Recent, filter: Filter) -> bytes | None:
        """An event as it is now; None if it is not for a filter that it matches: its signal waits for approval, or is
        not live any more."""
        event = recent.event if filter.unapproved or not recent.waiting else recent.approved
        expired = recent.expired(self._now())
        over = expired or recent.closed or recent.signal in self._closed
        if event is None or (filter.live and over):
            return None
        return frames.as_expired(event) if expired else event

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
            event = self.shown(recent, filter) if filter.matches(recent.instrument, recent.producer) else None
            if event is not None:
                found.append(event)
                total += len(event)
            if total >= size:
                break
        return b"".join(found), position
