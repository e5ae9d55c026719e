"""How many signals this machine has stored in each of the last sixty minutes, by instrument and producer."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from service.kernel.timestamps import Clock

MINUTES = 60
PAIRS_MAX = 200
"""How many pairs of instrument and producer one process tells apart in a minute: a producer could name billions."""

_OTHERS = ("", "")
"""Stands for all further pairs. No scope names it, so only who sees everything sees these."""

Counts = Counter[tuple[str, str]]


class Minutes:
    """Counts signals, and knows what the other worker processes have counted: each writes its own counts into a file of
    their shared directory. What a process has counted that is gone stays."""

    def __init__(self, clock: Clock, shared: Path | None) -> None:
        self._clock = clock
        self._since = clock()
        self._counts: dict[int, Counts] = {}
        self._shared = shared
        self._own = shared / f"minutes_{os.getpid()}.json" if shared else None

    def count(self, instrument: str, producer: str) -> None:
        """One more signal, of this instrument and this producer, empty for none."""
        counts = self._running()
        pair = (instrument, producer)
        counts[pair if pair in counts or len(counts) < PAIRS_MAX else _OTHERS] += 1

    def _running(self) -> Counts:
        minute = _minute(self._clock())
        if minute not in self._counts:
            self._counts = {old: counts for old, counts in self._counts.items() if old > minute - MINUTES}
            self._counts[minute] = Counter()
        return self._counts[minute]

    async def share(self) -> None:
        """Tell the other processes. To be called every other second."""
        if self._own:
            _write(self._own, orjson.dumps({"since": self._since, "counted": list(self._counted())}))

    def totals(self, seen: Callable[[str, str], bool]) -> tuple[datetime, dict[datetime, int]]:
        """Since when is counted, and the signals of each minute since then, of the last sixty, that are `seen`."""
        since, totals = self._since, Counter[int]()
        for began, counted in self._all():
            since = min(since, began)
            for minute, instrument, producer, count in counted:
                if seen(instrument, producer):
                    totals[minute] += count
        last = _minute(self._clock())
        first = max(_minute(since), last - MINUTES + 1)
        return since, {_instant(minute): totals[minute] for minute in range(first, last + 1)}

    def _counted(self) -> Iterator[tuple[int, str, str, int]]:
        for minute, counts in self._counts.items():
            yield from ((minute, *pair, count) for pair, count in counts.items())

    def _all(self) -> Iterator[tuple[datetime, Iterable[tuple[int, str, str, int]]]]:
        yield self._since, self._counted()
        for path in self._shared.glob("minutes_*.json") if self._shared else ():
            if path != self._own:
                told = orjson.loads(path.read_bytes())
                yield datetime.fromisoformat(told["since"]), told["counted"]


def _write(path: Path, content: bytes) -> None:
    """So that no reader sees half of it."""
    draft = path.with_suffix(".new")
    draft.write_bytes(content)
    draft.replace(path)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
