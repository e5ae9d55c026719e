"""A clock that moves only when the client waits, and what happens meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Patience:
    """Stands in for the clock and the sleep of a client. Waiting takes no time."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)
        self.pauses: list[float] = []
        self._meanwhile: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """What the clock of the client shows."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Wait, while the next thing happens that is due in a pause."""
        self.pauses.append(seconds)
        self.time += timedelta(seconds=seconds)
        if self._meanwhile:
            self._meanwhile.pop(0)()

    def in_next_pause(self, event: Callable[[], None]) -> None:
        """Let something happen in the next pause that nothing is planned for."""
        self._meanwhile.append(event)
