"""The endpoint of the live feed: parse, open a stream, end it."""

import asyncio

from starlette.types import Receive, Scope, Send

from service.http.errors import ShuttingDown
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.tasks import repeated
from service.live.catching_up import CatchingUp
from service.live.hub import Hub
from service.live.stream import End, Stream
from service.live.sweep import Sweep
from service.reading import Filter, Pages, Places, Position, Tail
from service.settings import Settings

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until it has a few kilobytes of them
]


class LiveFeed:
    """GET /api/v1/feed/live: what is stored from now on, or after a cursor, as server-sent events. `sweeping` has to run
    as long as it answers."""

    def __init__(self, tail: Tail, pages: Pages, places: Places, settings: Settings, limits: Limits) -> None:
        self._hub = Hub(tail, limits)
        self._catching_up = CatchingUp(self._hub, pages)
        self._places = places
        self._limits = limits
        sweep = Sweep(self._hub, limits, settings.signals_idle_seconds)
        self.sweeping = repeated("streams", sweep.look, sweep.seconds)

    def leave(self) -> None:
        """Take no more streams and end those that there are. May be called by the handler of a signal, which interrupts
        whatever is done to them."""
        asyncio.get_running_loop().call_soon_threadsafe(self._hub.leave)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if self._hub.leaving:
            raise ShuttingDown
        filter, after = _asked(scope)
        with self._places.taken():
            stream = await self._open(scope, filter, after)
            try:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                stream.greet()
                await self._catching_up.serve(stream)
            finally:
                self._hub.remove(stream)
                metrics.streams_ended.labels(stream.end or End.GONE).inc()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _open(self, scope: Scope, filter: Filter, after: Position | None) -> Stream:
        now = await self._hub.begin()
        outlet = scope["state"]["connection"]().hand_over(scope)
        stream = Stream(outlet, scope["still_reads"], filter, after or now, self._limits)
        self._hub.add(stream)
        return stream


def _asked(scope: Scope) -> tuple[Filter, Position | None]:
    from urllib.parse import parse_qs
    query = parse_qs(scope["query_string"].decode())
    after = next((value.decode() for name, value in scope["headers"] if name == b"last-event-id"), query.get("after", [None])[0])
    return Filter(frozenset(query.get("instrument", ())) or None, frozenset(query.get("producer", ())) or None), after and Position.parse(after)
