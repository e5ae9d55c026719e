"""How many may wait for signals at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.feed.errors import TooManyStreams
from service.kernel import metrics


class Places:
    """Places for those who wait for what is yet to come, streams and waiting requests together: each keeps a connection
    and memory for as long as it waits."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place for as long as the context lasts. Raises TooManyStreams; nobody has to leave for another."""
        if self._taken >= self._number:
            raise TooManyStreams
        self._taken += 1
        metrics.streams.inc()
        try:
            yield
        finally:
            self._taken -= 1
            metrics.streams.dec()
