"""What no reader can count from the feed: how much this machine has stored by the minute, and what it has refused."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from service.kernel import metrics
from service.kernel.timestamps import Clock, utc_text
from service.readers.filter import Filter
from service.readers.scope import Scope

_MINUTES = 60

_FRESH = timedelta(seconds=1)
"""So old may be what requests are told: the counters of all worker processes are not read for each."""


class _Stored(NamedTuple):
    """How many signals were stored, by instrument, and how many of them need approval."""

    all: Mapping[str, int]
    waiting: Mapping[str, int]


class Overview:
    """Figures of all worker processes of this machine since this one was started: since `look` was called first.

    It has to be called from time to time: what is counted in between belongs to the minute in which it is looked at.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: datetime | None = None
        self._minutes: dict[datetime, _Stored] = {}
        self._before: _Stored
        self._before, self._refused_before = _counters()
        self._refused = self._refused_before
        self._told = datetime.min.replace(tzinfo=UTC)

    async def look(self) -> None:
        """Note how far the counters have come."""
        now = self._clock()
        self._since = self._since or now
        minute = now.replace(second=0, microsecond=0)
        self._minutes[minute], self._refused = _counters()
        oldest = minute - timedelta(minutes=_MINUTES)
        for each in [each for each in self._minutes if each < oldest]:
            self._before = self._minutes.pop(each)

    async def content(self, scope: Scope, filter: Filter) -> Mapping[str, Any]:
        """Signals of the last hour by the minute, of instruments in the scope, and of those that need approval only
        what the filter means; nothing where the scope names producers, of whom nothing is counted. Refusals by code,
        for a scope of everything. All of it is up to a second old."""
        now = self._clock()
        if not timedelta() <= now - self._told < _FRESH:
            self._told = now
            await self.look()
        grown = {code: count - self._refused_before.get(code, 0) for code, count in sorted(self._refused.items())}
        return {
            "since": self._since and utc_text(self._since),
            "signals": None if scope.producers else self._by_minute(filter),
            "refusals": {code: count for code, count in grown.items() if count} if scope == Scope() else None,
        }

    def _by_minute(self, filter: Filter) -> list[dict[str, Any]]:
        before = _sum(self._before, filter)
        found: list[dict[str, Any]] = []
        for minute in sorted(self._minutes):
            total = _sum(self._minutes[minute], filter)
            found.append({"minute": utc_text(minute), "count": total - before})
            before = total
        return found[-_MINUTES:]


def _counters() -> tuple[_Stored, dict[str, int]]:
    labels = {metrics.signals_ingested: "instrument", metrics.signals_waiting: "instrument"}
    stored, waiting, refused = metrics.totals({**labels, metrics.signals_rejected: "code"})
    return _Stored(stored, waiting), refused


def _sum(totals: _Stored, filter: Filter) -> int:
    """Of instruments that are not counted by themselves it is not known which they are: only all are counted so."""
    left_out = {} if filter.unapproved else totals.waiting
    return sum(count - left_out.get(name, 0) for name, count in totals.all.items() if filter.matches(name, ""))
