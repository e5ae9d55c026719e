"""One look at all streams, again and again: heartbeats, and who is to go."""

import time

from service.kernel.limits import Limits
from service.live import frames
from service.live.hub import Hub
from service.live.stream import End, Stream

LOOKS = 10
"""How many looks there are from one heartbeat of a stream to its next. At each a tenth of the streams gets theirs."""


class Sweep:
    """What a stream needs that does not come from signals, by one timer for all of them."""

    def __init__(self, hub: Hub, limits: Limits, idle_seconds: float) -> None:
        self.seconds = limits.heartbeat_seconds / LOOKS
        self._hub = hub
        self._idle_seconds = idle_seconds
        self._turn = 0

    async def look(self) -> None:
        """Look at each stream once."""
        self._turn = (self._turn + 1) % LOOKS
        now = time.monotonic()
        for stream in self._hub.streams:
            reason = self._reason_to_end(stream, now)
            if reason is not None:
                stream.finish(reason)
            elif stream.number % LOOKS == self._turn:
                self._beat(stream)

    def _reason_to_end(self, stream: Stream, now: float) -> End | None:
        if stream.outlet.closed:
            return End.GONE
        if stream.outlet.progressed():
            stream.progressed_at = now
        elif now - stream.progressed_at > self._idle_seconds:
            stream.outlet.cut()
            return End.STALLED
        if not stream.still_reads():
            if stream.outlet.full:  # it is not waited for
                stream.outlet.cut()
            return End.REVOKED
        return End.OLD if now > stream.until else None

    def _beat(self, stream: Stream) -> None:
        position = stream.position if stream.behind else self._hub.position
        if position is not None and not stream.outlet.full:
            stream.write(frames.place(position.cursor))
