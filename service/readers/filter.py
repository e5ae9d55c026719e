"""Which signals a reader wants, and may see."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from service.readers.scope import Reader, Scope

Names = frozenset[str] | None
"""Names of which one has to match; None stands for all names, and a name that ends in `*` for all that begin so."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Signals of these instruments, of these producers, whose payload contains this one: all of it has to hold. `live`
    ones are neither closed nor expired. Only with `unapproved` are signals meant that need approval and do not have it.

    `payload` is the text of a JSON object. It is for pages: `matches` leaves it out, and what changes with time.
    """

    instruments: Names = None
    producers: Names = None
    payload: str | None = None
    live: bool = False
    unapproved: bool = False

    def within(self, scope: Scope) -> Self:
        """The same, but only what the scope shows."""
        instruments = _common(self.instruments, frozenset(scope.instruments) or None)
        producers = _common(self.producers, frozenset(scope.producers) or None)
        return replace(self, instruments=instruments, producers=producers)

    def of(self, reader: Reader) -> Self:
        """The same, but only what that reader may see, and what it always sees."""
        return replace(self.within(reader.scope), unapproved=self.unapproved or reader.sees_waiting)

    def matches(self, instrument: str, producer: str) -> bool:
        """Whether a signal of this instrument and this producer, empty for none, is meant."""
        return _has(self.instruments, instrument) and (self.producers is None or producer in self.producers)

    @property
    def literals(self) -> list[str] | None:
        """The names of instruments that are meant as they are; None when all instruments are meant."""
        return None if self.instruments is None else sorted(name for name in self.instruments if name[-1:] != "*")

    @property
    def prefixes(self) -> list[str] | None:
        """What the names of the others begin with; None when all instruments are meant."""
        return None if self.instruments is None else sorted(name[:-1] for name in self.instruments if name[-1:] == "*")


EVERYTHING = Filter(unapproved=True)
"""All signals, whoever may see them."""


def _has(names: Names, name: str) -> bool:
    return names is None or any(_covers(pattern, name) for pattern in names)


def _common(one: Names, other: Names) -> Names:
    if one is None or other is None:
        return other if one is None else one
    return frozenset(_narrower(one, other))


def _narrower(one: Iterable[str], other: Iterable[str]) -> Iterable[str]:
    """Of two patterns that have names in common, one has them all: it is within the other."""
    for first in one:
        for second in other:
            if _covers(second, first):
                yield first
            elif _covers(first, second):
                yield second


def _covers(pattern: str, name: str) -> bool:
    """Whether all that `name` stands for, which may be a pattern too, matches `pattern`."""
    return name.startswith(pattern[:-1]) if pattern[-1:] == "*" else name == pattern
