"""How long something is to last, as operators write it."""

import re
from datetime import timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `24h`, `90d`. Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise ValueError("a duration looks like 90s, 15m, 24h or 90d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
