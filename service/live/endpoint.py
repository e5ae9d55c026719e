"""The endpoint of the live feed: parse, open a stream, end it."""

from starlette.types import Receive, Scope, Send

from service.http.errors import ShuttingDown
from service.kernel import metrics
from service.kernel.limits import Limits
from service.live.catching_up import CatchingUp
from service.live.hub import Hub
from service.live.stream import End, Stream
from service.reading import Filter, Places, Position

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until it has a few kilobytes of them
]


class LiveFeed:
    """GET /api/v1/feed/live: what is stored from now on, or from a cursor on, as server-sent events."""

    def __init__(self, hub: Hub, catching_up: CatchingUp, places: Places, limits: Limits) -> None:
        self._hub = hub
        self._catching_up = catching_up
        self._places = places
        self._limits = limits

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
        stream = Stream(outlet, scope.get("still_reads", lambda: True), filter, after or now, self._limits)
        self._hub.add(stream)
        return stream


def _asked(scope: Scope) -> tuple[Filter, Position | None]:
    from urllib.parse import parse_qs
    query = parse_qs(scope["query_string"].decode())
    after = next((value.decode() for name, value in scope["headers"] if name == b"last-event-id"), query.get("after", [None])[0])
    return Filter(frozenset(query.get("instrument", ())) or None, frozenset(query.get("producer", ())) or None), after and Position.parse(after)
