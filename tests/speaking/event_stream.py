"""A reader of server-sent events, as strict as the standard, with the bytes of HTTP/1.1 in its own hands."""

import json
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from tests.running.waiting import DEADLINE_SECONDS

LIVE = "/api/v1/feed/live"

Query = Mapping[str, str | Sequence[str]]

_CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


class CutOff(Exception):
    """The stream ended in the middle of something, or without its last chunk."""


@dataclass(frozen=True, slots=True)
class Event:
    """What came between two empty lines: what a browser dispatches if it has data, and keeps of it if it has none."""

    kind: str | None
    id: str | None
    data: str | None
    retry: int | None

    @property
    def signal(self) -> dict[str, Any]:
        """The signal, its numbers as they were written."""
        assert self.data is not None
        told: dict[str, Any] = json.loads(self.data, parse_float=str, parse_int=str)
        return told


class EventStream:
    """An answer that goes on, over a new connection or `over` one that is there. Without `wait` nobody looks for it.

    Each wait for bytes ends with TimeoutError after `patience` seconds; what has come until then is not lost.
    """

    def __init__(
        self,
        url: str,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        path: str = LIVE,
        patience: float = DEADLINE_SECONDS,
        version: str = "1.1",
        receive_buffer: int | None = None,
        over: socket.socket | None = None,
        wait: bool = True,
    ) -> None:
        address = urlsplit(url)
        self.socket = over or socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if over is None:
            self.socket.settimeout(patience)
            self.socket.connect((address.hostname, address.port))
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        fields = {"Host": address.netloc, "Accept": "text/event-stream", **(headers or {})}
        lines = [f"GET {target} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.patience = patience
        self.id: str | None = None
        """The newest cursor: with it the next stream goes on."""
        self._raw = self._text = b""
        self._ended = False
        if wait:
            self._read_head()

    def _read_head(self) -> None:
        while b"\r\n\r\n" not in self._raw:
            if not (data := self.socket.recv(65536)):
                raise CutOff
            self._raw += data
        head, _, self._raw = self._raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._chunked = self.headers.get("transfer-encoding") == "chunked"
        self._length = int(self.headers["content-length"]) if "content-length" in self.headers else None

    def refusal(self) -> dict[str, Any]:
        """What was answered instead of a stream."""
        assert self._length is not None
        while len(self._raw) < self._length:
            self._raw += self.socket.recv(65536)
        told: dict[str, Any] = json.loads(self._raw)
        return told

    def next(self) -> Event | None:
        """The next event, with data or without; None at the end. Raises CutOff, and TimeoutError."""
        while b"\n\n" not in self._text:
            if self._ended:
                if self._text:
                    raise CutOff
                return None
            self._receive()
        lines, _, self._text = self._text.partition(b"\n\n")
        return self._event(lines.decode())

    def _receive(self) -> None:
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError as error:
            raise CutOff from error
        self._raw += data
        if not self._chunked:
            self._text, self._raw, self._ended = self._text + self._raw, b"", not data
            return
        while (size := _CHUNK.match(self._raw)) and len(self._raw) >= size.end() + int(size[1], 16) + 2:
            begin, end = size.end(), size.end() + int(size[1], 16)
            assert self._raw[end : end + 2] == b"\r\n"
            self._text += self._raw[begin:end]
            self._raw = self._raw[end + 2 :]
            self._ended = begin == end
        if not data and not self._ended:
            raise CutOff

    def _event(self, lines: str) -> Event:
        assert "\r" not in lines
        pairs = [line.partition(": ")[::2] for line in lines.split("\n")]
        found = dict(pairs)
        assert len(found) == len(pairs), f"a field is given twice: {lines}"
        assert found.keys() <= {"event", "id", "data", "retry"}, lines
        self.id = found.get("id", self.id)
        retry = int(found["retry"]) if "retry" in found else None
        return Event(found.get("event"), found.get("id"), found.get("data"), retry)

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def signals(self, number: int) -> list[dict[str, Any]]:
        """The next so many signals."""
        found: list[dict[str, Any]] = []
        while len(found) < number:
            event = self.next()
            assert event is not None, f"the stream ended after {len(found)} of {number} signals"
            if event.data is not None:
                found.append(event.signal)
        return found

    def during(self, seconds: float) -> list[Event]:
        """What comes in that time."""
        found, end = [], time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if (event := self.next()) is None:
                    break
                found.append(event)
        except TimeoutError:
            pass
        self.socket.settimeout(self.patience)
        return found

    def rest(self) -> bytes:
        """What came behind the end."""
        return self._raw or self.socket.recv(65536)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
