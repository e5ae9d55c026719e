"""A request and its answer."""

from collections.abc import Sequence
from typing import Any

from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

SMALL_BYTES = 4096
"""A larger body is not put together with its head: that would make a copy of it for each client."""

Fields = tuple[tuple[bytes, bytes], ...]

_CLOSE: Fields = ((b"connection", b"close"),)


class Exchange(RequestResponseCycle):
    """uvicorn's, with another way for an answer that is at hand as a whole: it leaves with one write.

    Names and values of its headers come from the service, so they are only held against what would end a header.
    An answer says what becomes of the connection: it ends when the body of the request was not read to its end, since
    the rest would pass for the next request.
    """

    def __init__(self, *, persistence: Fields, **given: Any) -> None:
        super().__init__(**given)
        self._persistence = persistence
        self._start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """The head of an answer waits for what follows. Where that is all of the body, the two are one."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            start["headers"] = fields = [*start.get("headers", ()), *self._about_the_connection()]
            whole = not message.get("more_body", False) and b"content-length" in dict(fields)
            if whole and not self.flow.write_paused:
                self._answer(start["status"], fields, message.get("body", b""))
                return
            await super().send(start)
        await super().send(message)

    def _about_the_connection(self) -> Fields:
        if self.more_body or self.body:
            self.keep_alive = False
        return self._persistence if self.keep_alive else _CLOSE

    def _answer(self, status: int, fields: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        if self.disconnected:
            return
        head = _head(status, [*self.default_headers, *fields])
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        if self.scope["method"] == "HEAD":
            body = b""
        if len(body) <= SMALL_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _head(status: int, fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Raises RuntimeError when a header contains a line break, which would begin another."""
    head = STATUS_LINE[status] + b"\r\n".join([*map(b": ".join, fields), b"", b""])
    if head.count(b"\n") != len(fields) + 2:
        raise RuntimeError("a header contains a line break")
    return head
