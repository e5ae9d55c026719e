"""What a stream has missed: from memory, or from the database."""

import asyncio

from service.http.errors import Overloaded
from service.kernel.errors import Refusal
from service.kernel.logs import log
from service.live import frames
from service.live.hub import CHUNK_BYTES, Hub
from service.live.stream import End, Stream
from service.reading import Pages, Position, unavailable

ROWS = 500
"""How many signals are read at once from the database for a stream that is behind."""

AT_ONCE = 2
"""How many streams of a process may read from the database at the same time: the others wait, and intake does not."""

RETRY_SECONDS = 1.0
"""How long a stream waits when the database did not answer."""


class CatchingUp:
    """Brings streams in step with the hub, each in its own task and as fast as its reader reads."""

    def __init__(self, hub: Hub, pages: Pages) -> None:
        self._hub = hub
        self._pages = pages
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def serve(self, stream: Stream) -> None:
        """Write all that a stream misses, whenever it misses something, until it is to end."""
        while stream.end is None:
            await stream.outlet.drained()
            position = self._hub.position
            if stream.end is not None or position is None:
                return
            if stream.position > position:
                await self._hub.caught_up(stream)
            elif stream.position == position:
                stream.behind = False
                await stream.woken()
            else:
                await self._go_on(stream)

    async def _go_on(self, stream: Stream) -> None:
        if self._hub.memory.reaches(stream.position):
            events, reached = self._hub.memory.after(stream.position, stream.filter, CHUNK_BYTES)
        else:
            try:
                events, reached = await self._stored(stream)
            except (Overloaded, *unavailable) as error:
                log.warning("Stream cannot be caught up", exception=error)
                await stream.woken(RETRY_SECONDS)
                return
            except Refusal:  # an older copy of the database was put back: the reader is told when it comes back
                stream.finish(End.FAILED)
                return
        if stream.outlet.closed:
            return
        if events:
            stream.write(events)
        stream.position = reached

    async def _stored(self, stream: Stream) -> tuple[bytes, Position]:
        """The database may be further than the hub, which is to write the rest itself."""
        async with self._turn:
            page = await self._pages.read(stream.filter, stream.position, ROWS)
        until = self._hub.position or stream.position
        rows = [row for row in page.rows if row.position <= until]
        events = [frames.event(b"signal", row.position.cursor, row.json) for row in rows]
        return b"".join(events), min(page.position, until)
