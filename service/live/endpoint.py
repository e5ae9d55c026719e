"""The endpoint of the live feed: parse, open a stream, end it."""

import asyncio

from starlette.types import Receive, Scope, Send

from service.feed import Pages, Tail, answered
from service.http.errors import ShuttingDown
from service.http.headers import values
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.tasks import repeated
from service.kernel.timestamps import Clock
from service.live.catching_up import CatchingUp
from service.live.hub import Hub
from service.live.stream import End, Stream
from service.live.sweep import Sweep
from service.reading import LiveQuery, Places, live_query

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until it has some kilobytes of them
]


class LiveFeed:
    """GET /api/v1/feed/live: what is stored from now on, or after a cursor, as server-sent events. `sweeping` has to
    run as long as it answers."""

    def __init__(
        self, tail: Tail, pages: Pages, places: Places, limits: Limits, *, idle_seconds: float, now: Clock
    ) -> None:
        """`now` is the time by which signals expire."""
        self._hub = Hub(tail, limits, now)
        self._catching_up = CatchingUp(self._hub, pages)
        self._pages = pages
        self._places = places
        self._limits = limits
        sweep = Sweep(self._hub, limits, idle_seconds)
        self.sweeping = repeated("streams", sweep.look, sweep.seconds)
        for end in End:
            metrics.streams_ended.labels(end)

    def leave(self) -> None:
        """Take no more streams and end those that there are, once their readers have taken what was written. May be
        called by the handler of a signal, which interrupts whatever is done to them."""
        asyncio.get_running_loop().call_soon_threadsafe(self._hub.leave)

    def forget(self) -> None:
        """Show what was stored before only as the database has it: its producer may have been forgotten."""
        self._hub.forget()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        query = live_query(scope, _last_event_id(scope))
        if self._hub.leaving:
            raise ShuttingDown
        if scope["method"] != "HEAD":
            with self._places.taken():
                await self._stream(scope, query, send)
        else:
            await _begin(send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, scope: Scope, query: LiveQuery, send: Send) -> None:
        try:
            await self._serve(await self._open(scope, query), send)
        finally:
            self._hub.rest()

    async def _serve(self, stream: Stream, send: Send) -> None:
        try:
            await _begin(send)
            stream.greet()
            await self._catching_up.serve(stream)
        finally:
            self._hub.streams.remove(stream)
            metrics.streams_ended.labels(stream.end or End.GONE).inc()

    async def _open(self, scope: Scope, query: LiveQuery) -> Stream:
        filter = query.filter.of(scope["reader"])
        with answered():
            position = await self._hub.begin()
            if query.after and query.after > position:  # of another process, or of an older copy
                await self._pages.read(filter, query.after, 1, latest=True)
                position = await self._hub.begin()
            elif query.after and not self._hub.memory.reaches(query.after):
                await self._pages.refuse_archived(query.after)
                position = await self._hub.begin()
        outlet = scope["state"]["connection"]().hand_over(scope)
        stream = Stream(outlet, scope["still_reads"], filter, query.after or position, self._limits)
        self._hub.add(stream)
        return stream


def _last_event_id(scope: Scope) -> str:
    """What a browser sends by itself when it comes back."""
    return b",".join(values(scope, b"last-event-id")).decode("latin-1")


async def _begin(send: Send) -> None:
    """Send the head, which otherwise waits for what follows."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
