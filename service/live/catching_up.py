"""What a stream has missed: from memory, or from the database."""

import asyncio

from service.feed import Pages, Position, unavailable
from service.feed.errors import FeedUnavailable
from service.http.errors import Overloaded
from service.kernel.errors import Refusal
from service.live import frames
from service.live.hub import CHUNK_BYTES, Hub
from service.live.stream import End, Stream

ROWS = 500
"""How many signals at most are read at once from the database, for a stream that is behind: fewer if they are large."""

AT_ONCE = 2
"""How many streams of a process may read from the database at the same time: the others wait, and intake does not."""

RETRY_SECONDS = 1.0
"""How long a stream waits when the database did not answer, or has less than was told already."""


class CatchingUp:
    """Brings streams in step with the hub, each in its own task and as fast as its reader reads."""

    def __init__(self, hub: Hub, pages: Pages) -> None:
        self._hub = hub
        self._pages = pages
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._rows = ROWS

    async def serve(self, stream: Stream) -> None:
        """Write all that a stream misses, whenever it misses something, until it is to end or its reader is gone."""
        while stream.goes_on and (position := self._hub.position):
            if stream.outlet.full:
                await stream.outlet.drained()
            elif stream.position > position:
                await self._hub.caught_up(stream)
            elif stream.position == position:
                await stream.in_step()
            else:
                await self._go_on(stream)

    async def _go_on(self, stream: Stream) -> None:
        await asyncio.sleep(0)  # others have their turn between two chunks
        if self._hub.memory.reaches(stream.position):
            events, reached = self._hub.memory.after(stream.position, stream.filter, CHUNK_BYTES)
        else:
            try:
                events, reached = await self._stored(stream)
            except (Overloaded, FeedUnavailable, *unavailable):  # of which the tail tells
                await stream.woken(RETRY_SECONDS)
                return
            except Refusal:  # an older copy of the database was put back: the reader is told when it comes back
                stream.finish(End.FAILED)
                return
        if reached == stream.position:
            await stream.woken(RETRY_SECONDS)
            return
        if events and not stream.outlet.closed:
            stream.write(events)
        stream.position = reached

    async def _stored(self, stream: Stream) -> tuple[bytes, Position]:
        """The database may be further than the hub, which is to write the rest itself."""
        async with self._turn:
            page = await self._pages.read(stream.filter, stream.position, self._rows, latest=True)
        until = self._hub.position or stream.position
        rows = [row for row in page.rows if row.position <= until]
        taken: list[bytes] = []
        size = 0
        for row in rows:
            event = frames.event(row.kind, row.position.cursor, row.json)
            size += len(event)
            if size > CHUNK_BYTES and taken:
                break
            taken.append(event)
        if taken:
            self._rows = min(ROWS, max(1, CHUNK_BYTES * len(taken) // size))
        whole = len(taken) == len(rows)
        return b"".join(taken), min(page.position, until) if whole else rows[len(taken) - 1].position
