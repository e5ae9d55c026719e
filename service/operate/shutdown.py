"""Leaving without dropping anyone: readiness turns away first, then no new signals, then the server stops."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType


class Shutdown:
    """Stands before the server's own handling of SIGTERM and SIGINT.

    At the first signal `begun` turns true, which readiness reports; after `delay` seconds each `on_close` is called and
    the server's handler gets the signal. A second Ctrl-C goes through at once; a second SIGTERM does not, since a
    worker process may get it both from its parent and as a member of its group.
    """

    def __init__(self, delay: float, *on_close: Callable[[], None]) -> None:
        self.begun = False
        self._delay = delay
        self._on_close = on_close

    def listen(self) -> None:
        """Take over the signals; to be called in the running loop, after the server has set its handlers."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._stand_before(number, loop)

    def _stand_before(self, number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
        server = signal.getsignal(number)

        def stop(frame: FrameType | None) -> None:
            for close in self._on_close:
                close()
            if callable(server):
                server(number, frame)

        def begin(_: int, frame: FrameType | None) -> None:
            repeated, self.begun = self.begun, True
            if not self._delay or (repeated and number == signal.SIGINT):
                stop(frame)
            elif not repeated:
                loop.call_soon_threadsafe(loop.call_later, self._delay, stop, frame)

        signal.signal(number, begin)
