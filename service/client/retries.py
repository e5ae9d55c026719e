"""How long to go on, and how long to wait before the next attempt."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.proof.signing import WINDOW_SECONDS

_DOUBLINGS = 30
"""Beyond so many every pause is the longest one; the number of attempts has no bound of its own."""


@dataclass(frozen=True, slots=True)
class Retries:
    """For how long something is tried again, in seconds from the first attempt, and how the pauses grow.

    Each pause is up to twice as long as the one before. `for_seconds` of 0 means a single attempt.
    """

    for_seconds: float = WINDOW_SECONDS
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 30.0

    def pause(self, attempts: int, told: float = 0.0) -> float:
        """Seconds to wait after so many attempts: by chance between half and all of what is due, and not less than
        what was `told`, nor more than half as long again. So those that were refused together do not come back
        together."""
        due = min(self.first_pause_seconds * 2.0 ** min(attempts - 1, _DOUBLINGS), self.longest_pause_seconds)
        chance = random.uniform(0.5, 1.0)  # spreads load, guards no secret  # noqa: S311  # nosec B311
        return max(due * chance, told * (0.5 + chance))

    def next_pause(self, attempts: int, asked_seconds: float, left_seconds: float) -> float | None:
        """Seconds until the next attempt, at least those that the service asked for; the last attempt is made when the
        time is up. None when there is to be none."""
        if left_seconds <= 0 or asked_seconds > left_seconds:
            return None
        return min(self.pause(attempts, asked_seconds), left_seconds)


DEFAULT_RETRIES = Retries()


def retry_after(value: str | None, now: datetime) -> float:
    """The seconds that a `Retry-After` header asks for (RFC 9110 section 10.2.3); 0 when there is none to read."""
    if value is None:
        return 0.0
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
