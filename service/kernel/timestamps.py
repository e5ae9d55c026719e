"""The one form of date and time that the service reads, in the field `time` and in `X-Timestamp`."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the present as an aware time in UTC. The only seam for tests."""

FORM = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
"""ISO 8601-1:2019 extended format with a mandatory zone designator. Nothing valid can follow the zone, which
keeps the boundary between the timestamp and the producer id in the signed bytes unambiguous."""


def utc_now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def parse_timestamp(text: str) -> datetime:
    """`YYYY-MM-DDThh:mm:ss[.1 to 9 digits](Z or ±hh:mm)` as an aware time in the zone that was written.

    Digits after the sixth are cut off. Raises ValueError for any other form and for dates that do not exist.
    """
    if FORM.fullmatch(text) is None:
        raise ValueError("not in the form YYYY-MM-DDThh:mm:ss[.fraction](Z or +hh:mm or -hh:mm)")
    return datetime.fromisoformat(text)


def utc_text(moment: datetime) -> str:
    """An aware time as the service writes it: in UTC, with microseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
