"""The latest events, for streams that have fallen behind a little."""

from collections import deque
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple, Self
from uuid import UUID

from service.feed import Filter, Position, Row
from service.feed.statement import STATUS
from service.kernel.timestamps import Clock, utc_now
from service.live import frames


class Recent(NamedTuple):
    """An event as it is sent, with what filters ask for."""

    position: Position
    instrument: str
    producer: str
    event: bytes
    signal: UUID | None = None
    closed: bool = False
    closes: bool = False
    expires_at: datetime | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """An event of the feed."""
        event = frames.event(row.kind, row.position.cursor, row.json)
        closes = row.closed and row.kind == STATUS
        return cls(row.position, row.instrument, row.producer, event, row.signal, row.closed, closes, row.expires_at)

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
        self._bytes += len(recent.event)
        self.note(recent)
        while self._bytes > self._size:
            oldest = self._events.popleft()
            self.horizon = oldest.position
            self._bytes -= len(oldest.event)
            if oldest.closes:
                self._closed.discard(oldest.signal)

    def note(self, recent: Recent) -> None:
        """Know of what closes a signal before it is its turn to be kept."""
        if recent.closes:
            self._closed.add(recent.signal)

    def shown(self, recent: Recent, filter: Filter) -> bytes | None:
        """An event as it is now; None if it is not for a filter that it matches: its signal is not live any more."""
        expired = recent.expired(self._now())
        if filter.live and (expired or recent.closed or recent.signal in self._closed):
            return None
        return frames.as_expired(recent.event) if expired else recent.event

    def reaches(self, position: Position) -> bool:
        """Whether all events after `position` are here."""
        return self.horizon is not None and position >= self.horizon

    def after(self, position: Position, filter: Filter, size: int) -> tuple[bytes, Position]:
        """The matching events after `position`, about `size` bytes of them and at least one, and the place after the
        last event that was looked at."""
        found, total = [], 0
        later = list(takewhile(lambda recent: recent.position > position, reversed(self._events)))
        for recent in reversed(later):
            position = recent.position
            event = self.shown(recent, filter) if filter.matches(recent.instrument, recent.producer) else None
            if event is not None:
                found.append(event)
                total += len(event)
            if total >= size:
                break
        return b"".join(found), position
