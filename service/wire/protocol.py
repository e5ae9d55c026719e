"""The front door: uvicorn's HTTP/1.1 protocol, with a limit on all that a client may do to it.

A request that cannot be accepted as HTTP is answered like one that cannot be accepted as a signal: by an ASGI
application, with a request id, a log line and a count, in its turn behind the answers that are still due. It is the
last request of its connection: what the client sends afterwards is thrown away.
"""

import asyncio
from typing import Any

from starlette.types import Scope

from service.http.answers import refusing
from service.http.errors import MalformedRequest, Overloaded, ShuttingDown
from service.http.request_context import RequestContext
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.settings import Settings
from service.wire.budget import Budget
from service.wire.outlet import Outlet
from service.wire.reading import BODY, IDLE, ReadingProtocol
from service.wire.transport import HoldingFlow, LingeringTransport

TURNED_AWAY_MAX = 100
"""How many connections beyond the limit are told why they are closed. Any more are cut without a word."""


class GuardedProtocol(ReadingProtocol):
    """One connection. To be given to uvicorn as a `functools.partial` with settings, limits and a budget for all."""

    def __init__(self, *, settings: Settings, limits: Limits, budget: Budget, **given: Any) -> None:
        super().__init__(settings=settings, budget=budget, **given)
        self._limits = limits
        self._connections_max = settings.signals_connections_max
        self.timeout_keep_alive = settings.signals_idle_seconds  # type: ignore[assignment]  # a timer takes fractions too
        self._ended = False
        self._handed_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client that stays silent from the beginning is idle, and one too many is turned away."""
        super().connection_made(LingeringTransport(transport, self.loop, self._limits, self.timeout_keep_alive))
        self.flow = HoldingFlow(self.transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        excess = len(self.connections) - self._connections_max
        if excess > TURNED_AWAY_MAX:
            self._refused = True
            self.transport.abort_in(0)
        elif excess > 0:
            self._refuse(Overloaded())

    def connection_lost(self, exc: Exception | None) -> None:
        """Leaves no timer behind, and nothing that counts."""
        self.transport.lost()
        self._unset_keepalive_if_required()
        self._unset_deadline()
        self._budget.forget(self)
        super().connection_lost(exc)

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more from this client. It is told why: by the application that waits for the rest of the body,
        or, where no application has begun, by one that does nothing else."""
        if self.transport.is_closing():
            return
        self._refused = True
        self._let_go()
        self._unset_deadline()
        self._unset_keepalive_if_required()
        if self._stage == BODY:
            self.scope["state"]["refusal"] = refusal
            self.cycle.message_event.set()
        else:
            self._answer(RequestContext(refusing(refusal)))
        self._stage = IDLE
        self.transport.input_expected = not self._ended

    def _answer(self, app: Any) -> None:
        """Let `app` answer the request whose head did not get through, after the answers that are still due."""
        if self._stage == IDLE:
            self.on_message_begin()
        self.scope["method"] = self.parser.get_method().decode("ascii") if self.url else ""
        self.scope["path"] = self.url.partition(b"?")[0].decode("latin-1")
        self._begin(app, keep_alive=False)

    def on_response_complete(self) -> None:
        """Go on with what was held back, or keep nothing where the connection ends with this answer."""
        super().on_response_complete()
        self._handed_over = False
        if self.transport.is_closing():
            self._let_go()
            self.headers.clear()
        else:
            if self._held and not self.pipeline:
                self.flow.held = False
                self.flow.resume_reading()
                self._read(self._held)
            self._keep_account()
        if self._ended:
            self._end()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that has closed its writing side still gets the answers to what it sent."""
        if self.transport.is_closing():
            return False
        self._ended = True
        self.transport.input_expected = False
        self._end()
        return True

    def _end(self) -> None:
        if self._stage != IDLE and not self._held:
            self._refuse(MalformedRequest())
        elif not self._held and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """A connection on which a request has begun is not idle: its deadline runs."""
        if self._stage == IDLE:
            super().timeout_keep_alive_handler()

    def hand_over(self, scope: Scope) -> Outlet:
        """For who writes the body of the answer to `scope` past ASGI; its head, which is yet to come, and its end go
        the usual way. Meanwhile nobody but him looks whether the client reads."""
        chunked = scope["http_version"] != "1.0" or self.cycle.scope is not scope
        if not chunked:  # RFC 9112 section 6.1: this client must not get chunks
            self.cycle.chunked_encoding = False
        self._handed_over = True
        return Outlet(self.transport, self.flow, chunked=chunked)

    def pause_writing(self) -> None:
        """A client that does not read its answers is cut off."""
        super().pause_writing()
        if not self._handed_over:
            self.transport.abort_in(self.timeout_keep_alive)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.transport.call_off()

    def shutdown(self) -> None:
        """A request that is here is answered; one that is on its way is refused, a client that does not read cut."""
        self.timeout_keep_alive = self._receive_seconds = self._limits.linger_seconds  # type: ignore[assignment]
        self._leaving = True
        self._let_go()
        if self._stage != IDLE:
            self._refuse(ShuttingDown())
        elif self.cycle is None or self.cycle.response_complete:
            self._unset_keepalive_if_required()
            crossing = self._limits.crossing_seconds
            self.timeout_keep_alive_task = self.loop.call_later(crossing, self.timeout_keep_alive_handler)
        else:
            super().shutdown()
        if self.transport.get_write_buffer_size():
            self.transport.abort_in(self.timeout_keep_alive)
