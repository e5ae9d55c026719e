"""One reader's stream."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from itertools import count

from service.feed import Filter, Position
from service.kernel.limits import Limits
from service.live import frames
from service.wire.outlet import Outlet

RETRY_MS = 1000, 5000
"""Between which times the one lies after which a reader is told to come back, so that not all come at once."""

_JITTER = 0.9, 1.1
"""What the age is multiplied with at which a stream ends."""

_DRAW = random.SystemRandom()

_NUMBERS = count()


class End(StrEnum):
    """Why a stream ends."""

    GONE = "gone"
    STALLED = "stalled"
    OLD = "old"
    REVOKED = "revoked"
    SHUTDOWN = "shutdown"
    FAILED = "failed"


class Stream:
    """A stream is in step, and the hub writes to it, or it is behind, and its own task does.

    While it is behind, `position` is the place up to which all that concerns it was written; in step that is the
    hub's. Its task sleeps in `woken` while there is nothing to do for it.
    """

    def __init__(
        self, outlet: Outlet, still_reads: Callable[[], bool], filter: Filter, position: Position, limits: Limits
    ) -> None:
        self.outlet = outlet
        self.still_reads = still_reads
        self.filter = filter
        self.position = position
        self.behind = True
        self.end: End | None = None
        self.number = next(_NUMBERS)
        self.progressed_at = time.monotonic()
        self.until = self.progressed_at + limits.stream_seconds * _DRAW.uniform(*_JITTER)
        self._awake = asyncio.Event()

    @property
    def goes_on(self) -> bool:
        """Whether there is somebody to write to, and no reason to end."""
        return self.end is None and not self.outlet.closed

    def greet(self) -> None:
        """Write what a stream begins with: from where it goes on, should it break off at once."""
        if not self.outlet.closed:
            self.write(frames.greeting(self.position.cursor, _DRAW.randint(*RETRY_MS)))

    def write(self, body: bytes, chunk: bytes | None = None) -> None:
        """Write whole events; `chunk` is the same, framed already."""
        self.outlet.write((chunk or frames.chunk(body)) if self.outlet.chunked else body)

    def fall_behind(self, position: Position) -> None:
        """Leave the rest to its own task, from `position` on."""
        self.position = position
        self.behind = True
        self.wake()

    def finish(self, reason: End) -> None:
        """End it at a whole event, once its reader has taken what was written."""
        if self.end is None:
            self.end = reason
            self.wake()

    @property
    def awake(self) -> bool:
        """Whether its task has been woken, and has not gone to sleep again."""
        return self._awake.is_set()

    async def in_step(self) -> None:
        """Leave it to the hub, until it falls behind or is to end. `position` is right again only after that."""
        self.behind = False
        while self.goes_on and not self.behind:
            await self.woken()

    def wake(self) -> None:
        """There is something to do for its task."""
        self._awake.set()

    async def woken(self, seconds: float | None = None) -> None:
        """Sleep until there is something to do for its task, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        self._awake.clear()
