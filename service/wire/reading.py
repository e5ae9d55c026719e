"""How requests are read: within limits on their size, and hardly ahead of the answers."""

import asyncio
import weakref
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.http.errors import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    Overloaded,
    RequestTimeout,
    ShuttingDown,
)
from service.kernel.errors import Refusal
from service.settings import Settings
from service.wire.budget import Budget
from service.wire.exchange import Exchange, Fields
from service.wire.head import HEADERS_MAX, check_head, check_size, without_upgrade
from service.wire.transport import HoldingFlow, LingeringTransport

SLICE_BYTES = 4096
"""How much is read ahead of the answers: more is held back, as it came, until they are given."""

REQUEST_BYTES, HEADER_BYTES = 4096, 128
"""About what a request that waits for the answers before it takes in memory, and a header, however short they are."""

IDLE, HEAD, BODY = range(3)
"""How far the request has come that is being received."""


class ReadingProtocol(HttpToolsProtocol):
    """The part of a connection that reads. What must not be read any further it gives to `_refuse`."""

    transport: LingeringTransport
    flow: HoldingFlow

    def __init__(self, *, settings: Settings, budget: Budget, **given: Any) -> None:
        super().__init__(**given)
        self._budget = budget
        self._receive_seconds = settings.signals_receive_seconds
        self._deadline: asyncio.TimerHandle | None = None
        # RFC 2068 section 19.7.1; RFC 9110 section 7.6.1 demands that Connection names it. Node's agents adapt to it.
        idle = settings.signals_idle_seconds
        self._persistence: Fields = ()
        if idle >= 1:
            self._persistence = ((b"connection", b"keep-alive"), (b"keep-alive", b"timeout=%d" % idle))
        self._stage = IDLE
        self._wire_bytes = 0
        self._head_max_bytes = self._wire_max_bytes = settings.signals_head_max_bytes
        # Chunk sizes, extensions and trailers may have as many bytes again as the body.
        self._request_max_bytes = self._head_max_bytes + 2 * settings.request_body_max_bytes
        self._held = b""
        self._refused = self._leaving = False
        self._reference = weakref.ref(self)  # what a request refers to must not refer to the request

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more from this client, and tell it why."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        """Bytes do not make a connection less idle; the beginning of a request does."""
        if self._refused or self.transport.closing:
            return
        if self.pipeline or len(data) > SLICE_BYTES:
            self._read(self._held + data)
        else:
            self._parse(data)
        self._keep_account()

    def _read(self, data: bytes) -> None:
        """Parse slice by slice, as long as no request has to wait behind another one."""
        self._held = b""
        for start in range(0, len(data), SLICE_BYTES):
            if self.pipeline:
                self._held = data[start:]
                self.flow.held = self.transport.input_expected = True
                self.flow.pause_reading()
                return
            self._parse(data[start : start + SLICE_BYTES])
            if self._refused:
                return

    def _parse(self, data: bytes) -> None:
        self._wire_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.with_traceback(None) if isinstance(cause, Refusal) else MalformedRequest())
            return
        if self._wire_bytes > self._wire_max_bytes:
            self._refuse(BodyTooLarge() if self._stage == BODY else HeadersTooLarge())
        elif self._stage != IDLE and self._deadline is None:
            self._deadline = self.loop.call_later(self._receive_seconds, self._expire)

    def _feed(self, data: bytes) -> None:
        """The parser stops behind a head that offers an upgrade: another one reads that head without the offer, and
        what follows."""
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                method, version = self.parser.get_method(), self.parser.get_http_version()
                data = without_upgrade(method, self.url, version, self.headers) + data[offer.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._stage = HEAD
        self.transport.input_expected = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Spaces behind a value are no part of it, like those before it (RFC 9110 section 5.5). What comes behind a
        body must not pass for a header (section 6.5.1)."""
        if self._stage == BODY:
            return
        if len(self.headers) == HEADERS_MAX:
            raise HeadersTooLarge
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """Called by the parser, whose own error has the refusal that is raised here as its context."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if self._wire_bytes + SLICE_BYTES > self._head_max_bytes:
            check_size(method, self.url, self.headers, self._head_max_bytes)
        check_head(method, self.url, version, self.headers)
        if self.parser.should_upgrade():
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        self.scope["method"] = method.decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = url.path
        self.scope["query_string"] = url.query or b""
        self.scope["state"]["connection"] = self._reference
        self._begin(self.app, keep_alive=version != "1.0" and self.parser.should_keep_alive() and not self._leaving)
        if self.pipeline:
            self.flow.pause_reading()
        self._stage = BODY
        self._wire_max_bytes = self._request_max_bytes

    def _begin(self, app: ASGI3Application, *, keep_alive: bool) -> None:
        """Let `app` answer the request whose head was read last, after the answers that are still due."""
        before = self.cycle
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
            persistence=self._persistence,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.pipeline.appendleft((self.cycle, app))

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._unset_deadline()
        self._stage = IDLE
        self._wire_bytes = 0
        self._wire_max_bytes = self._head_max_bytes
        self.transport.input_expected = False

    def _keep_account(self) -> None:
        """Tell the budget what is kept of requests that are not complete, or have to wait."""
        headers = 0 if self._stage == IDLE else len(self.headers)
        waiting = len(self._held) + REQUEST_BYTES * len(self.pipeline)
        self._budget.keep(self, self._wire_bytes + HEADER_BYTES * headers + waiting)

    def shed(self) -> None:
        """The budget is spent: keep nothing of what has not been begun, and refuse that."""
        unfinished = 1 if self._stage == BODY else 0
        while len(self.pipeline) > unfinished:
            self.pipeline.pop()
        self._refuse(Overloaded())

    def _let_go(self) -> None:
        """Keep nothing of what has arrived of a request, but its id."""
        if self._stage == BODY:
            self.cycle.body.clear()
        elif self._stage == HEAD:
            self.headers[:] = [field for field in self.headers if field[0] == b"x-request-id"]
        self._held = b""
        self._wire_bytes = 0
        self._budget.forget(self)

    def _expire(self) -> None:
        """The time to receive a request is over. It does not run while the request waits for answers before it."""
        self._deadline = None
        if self.pipeline:
            self._deadline = self.loop.call_later(self._receive_seconds, self._expire)
        else:
            self._refuse(ShuttingDown() if self._leaving else RequestTimeout())

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
