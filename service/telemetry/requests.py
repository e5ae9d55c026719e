"""Where the trace of a request begins, what is a part of it, and where it ends. While tracing is off, none of it stands
in the way of a request."""

from collections.abc import Sequence
from time import time_ns
from typing import Protocol

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kernel.tracing import Trace, trace


class RequestTrace(Trace, Protocol):
    """The trace of one request, while it is handled."""

    def prove(self) -> None:
        """From now on it is looked who asks."""

    def part(self, name: str, since: int) -> None:
        """A part has ended that began then, in nanoseconds of Unix time."""

    def answer(self, message: Message) -> None:
        """The answer begins: note it, and let it tell where it is found."""

    def end(self) -> None:
        """All is said."""


class Tracing(Protocol):
    """What makes traces, and sends them."""

    def begin(self, scope: Scope) -> RequestTrace:
        """The trace of a request that has just come, which is nobody's part yet."""

    def attempted(self, traces: Sequence[Trace], seconds: float, error: Exception | None) -> None:
        """See `service.kernel.tracing.Attempted`."""

    def close(self) -> None:
        """Send what is left, as far as it is taken in time."""


class _TracedRequests:
    """Stands around everything, and lets each request have its trace."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self.app = app
        self.tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        current = scope["trace"] = self.tracing.begin(scope)
        token = trace.set(current)

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                current.answer(message)
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        finally:
            trace.reset(token)
            current.end()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            self.tracing.close()


class _ProofBegins:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        current: RequestTrace = scope["trace"]
        current.prove()
        await self.app(scope, receive, send)


class _FeedPart:
    """From the question to the beginning of the answer: a stream has one such part, however much it is told."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        current: RequestTrace = scope["trace"]
        began = time_ns()

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                current.part("feed", began)
            await send(message)

        await self.app(scope, receive, send_noted)


def requests(app: ASGIApp, tracing: Tracing | None) -> ASGIApp:
    """An application whose requests have traces."""
    return app if tracing is None else _TracedRequests(app, tracing)


def proof(guard: Middleware, tracing: Tracing | None) -> list[Middleware]:
    """A guard that proves who asks, as a part of the trace."""
    return [guard] if tracing is None else [Middleware(_ProofBegins), guard]


def feed(tracing: Tracing | None) -> list[Middleware]:
    """What makes reading the feed a part of the trace."""
    return [] if tracing is None else [Middleware(_FeedPart)]
