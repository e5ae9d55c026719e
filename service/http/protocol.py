"""The front door: uvicorn's HTTP/1.1 protocol, with a limit on all that a client may do to it.

A request that cannot be accepted as HTTP is answered like one that cannot be accepted as a signal: by an ASGI
application, with a request id, a log line and a count, in its turn behind the answers that are still due. It is the
last request of its connection: what the client sends afterwards is thrown away.
"""

import asyncio
from collections import deque
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.http.answers import refusing
from service.http.errors import BodyTooLarge, HeadersTooLarge, MalformedRequest, RequestTimeout, ShuttingDown
from service.http.head import check_head, check_size
from service.http.request_context import RequestContext
from service.http.transport import HoldingFlow, LingeringTransport
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.settings import Settings

SLICE_BYTES = 4096
"""How much is read ahead of the answers: more is held back, as it came, until they are given."""

_IDLE, _HEAD, _BODY = range(3)
"""How far the request has come that is being received."""

_TRAILERS: Any = deque(maxlen=0)
"""Takes the fields behind a chunked body, and keeps none: they must not pass for headers (RFC 9110 section 6.5.1)."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. To be given to uvicorn as `functools.partial(GuardedProtocol, settings=..., limits=...)`."""

    transport: LingeringTransport
    flow: HoldingFlow

    def __init__(self, *, settings: Settings, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self.timeout_keep_alive = settings.signals_idle_seconds  # type: ignore[assignment]  # a timer takes fractions too
        self._receive_seconds = settings.signals_receive_seconds
        self._limits = limits
        self._stage = _IDLE
        self._wire_bytes = 0
        self._head_max_bytes = self._wire_max_bytes = settings.signals_head_max_bytes
        # Chunk sizes, extensions and trailers may have as many bytes again as the body.
        self._request_max_bytes = self._head_max_bytes + 2 * settings.body_max_bytes
        self._held = b""
        self._ended = self._leaving = False
        self._fault: Refusal | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client that stays silent from the beginning is idle."""
        super().connection_made(LingeringTransport(transport, self.loop, self._limits, self.timeout_keep_alive))
        self.flow = HoldingFlow(self.transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leaves no timer behind."""
        self.transport.lost()
        self._unset_keepalive_if_required()
        self._unset_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes do not make a connection less idle; the beginning of a request does."""
        if self._fault is not None or self.transport.closing:
            return
        if self.pipeline or len(data) > SLICE_BYTES:
            self._read(self._held + data)
        else:
            self._parse(data)

    def _read(self, data: bytes) -> None:
        """Parse slice by slice, as long as no request has to wait behind another one."""
        self._held = b""
        for start in range(0, len(data), SLICE_BYTES):
            if self.pipeline:
                self._hold(data[start:])
                return
            self._parse(data[start : start + SLICE_BYTES])
            if self._fault is not None:
                return

    def _hold(self, data: bytes) -> None:
        self._held = data
        self.flow.held = True
        self.flow.pause_reading()
        self.transport.input_expected = True

    def _parse(self, data: bytes) -> None:
        self._wire_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Refusal) else MalformedRequest())
            return
        if self._wire_bytes > self._wire_max_bytes:
            self._refuse(BodyTooLarge() if self._stage == _BODY else HeadersTooLarge())
        elif self._stage != _IDLE and self._deadline is None:
            self._set_deadline()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._stage = _HEAD
        self.transport.input_expected = True

    def on_headers_complete(self) -> None:
        self._check_head()
        super().on_headers_complete()
        self.cycle.keep_alive = self.cycle.keep_alive and not self._leaving
        self.headers = _TRAILERS
        self._stage = _BODY
        self._wire_max_bytes = self._request_max_bytes

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._unset_deadline()
        self._stage = _IDLE
        self._wire_bytes = 0
        self._wire_max_bytes = self._head_max_bytes
        self.transport.input_expected = False

    def _check_head(self) -> None:
        """To be called by the parser, whose own error has the refusal that is raised here as its context."""
        if self._wire_bytes + SLICE_BYTES > self._head_max_bytes:
            check_size(self.parser.get_method(), self.url, self.headers, self._head_max_bytes)
        check_head(self.url, self.parser.get_http_version(), self.headers)
        if self.parser.should_upgrade():
            raise MalformedRequest  # CONNECT, which is for proxies (RFC 9110 section 9.3.6)

    def _expire(self) -> None:
        """The time to receive a request is over. It does not run while the request waits for answers before it."""
        self._deadline = None
        if self.pipeline:
            self._set_deadline()
        else:
            self._refuse(ShuttingDown() if self._leaving else RequestTimeout())

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more from this client. It is told why: by the application that waits for the rest of the body,
        or, where no application has begun, by one that does nothing else."""
        if self.transport.is_closing():
            return
        self._fault = refusal
        self._held = b""
        self._unset_deadline()
        self._unset_keepalive_if_required()
        self.transport.input_expected = not self._ended
        if self._stage == _BODY:
            self.scope["state"]["refusal"] = refusal
            self.cycle.message_event.set()
        else:
            self._answer(RequestContext(refusing(refusal)))
        self._stage = _IDLE

    def _answer(self, app: Any) -> None:
        """Let `app` answer the request whose head did not get through, after the answers that are still due."""
        if self._stage == _IDLE:
            super().on_message_begin()
        self.scope["method"] = self.parser.get_method().decode("ascii") if self.url else ""
        self.scope["path"] = self.url.partition(b"?")[0].decode("latin-1")
        before, self.cycle = self.cycle, self._last_cycle()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.pipeline.appendleft((self.cycle, app))

    def _last_cycle(self) -> RequestResponseCycle:
        return RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )

    def on_response_complete(self) -> None:
        """Go on with what was held back."""
        super().on_response_complete()
        if self._held and not self.pipeline and not self.transport.is_closing():
            self.flow.held = False
            self.flow.resume_reading()
            self._read(self._held)
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
        if self._stage != _IDLE and not self._held:
            self._refuse(MalformedRequest())
        elif not self._held and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """A connection on which a request has begun is not idle: its deadline runs."""
        if self._stage == _IDLE:
            super().timeout_keep_alive_handler()

    def pause_writing(self) -> None:
        """A client that does not read its answers is cut off."""
        super().pause_writing()
        self.transport.abort_in(self.timeout_keep_alive)

    def resume_writing(self) -> None:
        super().resume_writing()
        self.transport.call_off()

    def shutdown(self) -> None:
        """A request that is here is answered; one that is on its way is refused, a client that does not read cut."""
        self.timeout_keep_alive = self._receive_seconds = self._limits.linger_seconds  # type: ignore[assignment]
        self._held = b""
        self._leaving = True
        if self._stage != _IDLE:
            self._refuse(ShuttingDown())
        elif self.cycle is None or self.cycle.response_complete:
            self._unset_keepalive_if_required()
            crossing = self._limits.crossing_seconds
            self.timeout_keep_alive_task = self.loop.call_later(crossing, self.timeout_keep_alive_handler)
        else:
            super().shutdown()
        if self.transport.get_write_buffer_size():
            self.transport.abort_in(self.timeout_keep_alive)

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(self._receive_seconds, self._expire)

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
