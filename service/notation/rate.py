"""How many signals a producer may send, and what that means in seconds."""

import re
from dataclasses import dataclass
from typing import Self

_INTERVALS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many signals in an interval of so many seconds: a second, a minute or an hour."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`100/s`, `30/m`, `5/h`; the count is 1 to 999999. Raises ValueError."""
        found = re.fullmatch(r"([1-9][0-9]{0,5})/([smh])", text)
        if found is None:
            raise ValueError("a rate looks like 100/s, 30/m or 5/h")
        return cls(int(found[1]), _INTERVALS[found[2]])

    @property
    def each_seconds(self) -> float:
        """How long it takes to earn one signal."""
        return self.seconds / self.count

    @property
    def deep_seconds(self) -> float:
        """How long it takes who sends nothing to save up all that can be saved up: a second, or one signal."""
        return max(1.0, self.each_seconds)

    @property
    def depth(self) -> float:
        """How many signals that are."""
        return self.deep_seconds / self.each_seconds
