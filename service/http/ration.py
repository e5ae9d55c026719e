"""A ration: so much a second and no more, whoever asks."""

from datetime import datetime


class Ration:
    """Something that one process gives out so many times in each second of a clock; what is left over is lost."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second: datetime | None = None
        self._left = 0

    def take(self, now: datetime) -> bool:
        """Whether there is one left for this second. Any other second begins anew, so a clock may be set back."""
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second, self._left = second, self._per_second
        if self._left == 0:
            return False
        self._left -= 1
        return True
