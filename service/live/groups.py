"""Streams with the same filter: what they are sent is matched, joined and framed once for all of them."""

from collections.abc import Iterator

from service.feed import Filter, Position
from service.kernel import metrics
from service.live import frames
from service.live.stream import Stream

KNOWN_MAX = 20_000
"""For how many pairs of instrument and producer it is kept in mind whom they concern."""


class Group:
    """The streams with one filter, and the events that they have not been sent yet."""

    def __init__(self, filter: Filter) -> None:
        self.filter = filter
        self.streams: set[Stream] = set()
        self.pending: list[bytes] = []

    def write(self, before: Position) -> int:
        """Write what is pending to those streams that are in step and take it. The others fall behind, to the place
        `before` all that. Returns how many events went out."""
        events, body = len(self.pending), b"".join(self.pending)
        self.pending.clear()
        chunk = frames.chunk(body)
        written = 0
        for stream in self.streams:
            if stream.behind:
                continue
            if stream.outlet.closed or stream.outlet.full:
                stream.fall_behind(before)
                metrics.streams_behind.inc()
                continue
            stream.write(body, chunk)
            written += events
        return written


class Groups:
    """All groups, and whom a signal concerns: one look into a dictionary, however many filters there are."""

    def __init__(self) -> None:
        self._groups: dict[Filter, Group] = {}
        self._known: dict[tuple[str, str], tuple[Group, ...]] = {}

    def add(self, stream: Stream) -> None:
        """Have a stream in the group of its filter."""
        group = self._groups.get(stream.filter)
        if group is None:
            group = self._groups[stream.filter] = Group(stream.filter)
            self._known.clear()  # to match all that is known against its filter would keep everything waiting
        group.streams.add(stream)

    def remove(self, stream: Stream) -> None:
        """Have it there no longer; a group without streams is given up."""
        group = self._groups[stream.filter]
        group.streams.discard(stream)
        if group.streams:
            return
        del self._groups[stream.filter]
        for about, found in self._known.items():
            if group in found:
                self._known[about] = tuple(other for other in found if other is not group)

    def concerned(self, instrument: str, producer: str) -> tuple[Group, ...]:
        """The groups that see the signals of this producer for this instrument."""
        found = self._known.get((instrument, producer))
        if found is not None:
            return found
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        found = tuple(group for group in self._groups.values() if group.filter.matches(instrument, producer))
        self._known[instrument, producer] = found
        return found

    def drop_pending(self) -> None:
        """Forget what has not been written to anyone."""
        for group in self._groups.values():
            group.pending.clear()

    def __iter__(self) -> Iterator[Stream]:
        """All streams, whatever is added or removed meanwhile."""
        return iter([stream for group in self._groups.values() for stream in group.streams])

    def __bool__(self) -> bool:
        return bool(self._groups)
