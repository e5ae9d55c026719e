"""What operators write: rates and durations."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many signals in each interval: a second, a minute or an hour."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`100/s`, `30/m`, `5/h`; the count is 1 to 999999. Raises ValueError."""
        found = re.fullmatch(r"([1-9][0-9]{0,5})/([smh])", text)
        if found is None:
            raise ValueError("a rate looks like 100/s, 30/m or 5/h")
        return cls(int(found[1]), _SECONDS[found[2]])


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `24h`, `90d`. Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise ValueError("a duration looks like 90s, 15m, 24h or 90d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
