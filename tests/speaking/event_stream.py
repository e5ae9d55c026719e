"""A reader of server-sent events, as strict as the standard, with the bytes of HTTP/1.1 in its own hands."""

import json
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from tests.running.waiting import DEADLINE_SECONDS

LIVE = "/api/v1/feed/live"

Query = Mapping[str, str | Sequence[str]]

_CHUNK = re.compile(rb"([0-9A-Fa-f]+)\r\n")


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


class Decoder:
    """Makes events of the bytes of an answer, however they are cut."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.rest = b""
        """What has not been made anything of: part of the head, of a chunk, or what comes behind the end."""
        self.ended = False
        self._text = b""

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with `data`, which is empty at the end of the connection. Raises CutOff."""
        self.rest += data
        if not self.status and not self._read_head():
            if not data:
                raise CutOff
            return []
        if self.headers.get("transfer-encoding") == "chunked":
            self._read_chunks()
        elif self.headers.get("content-type") == "text/event-stream":
            self._text, self.rest, self.ended = self._text + self.rest, b"", not data
        *events, self._text = self._text.split(b"\n\n")
        if (not data and not self.ended) or (self.ended and self._text):
            raise CutOff
        return [_event(event.decode()) for event in events]

    def _read_head(self) -> bool:
        head, end, rest = self.rest.partition(b"\r\n\r\n")
        if end:
            first, *lines = head.decode("latin-1").split("\r\n")
            self.status, self.rest = int(first.split()[1]), rest
            self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return bool(end)

    def _read_chunks(self) -> None:
        while not self.ended and (size := _CHUNK.match(self.rest)):
            begin, end = size.end(), size.end() + int(size[1], 16)
            if len(self.rest) < end + 2:
                return
            assert self.rest[end : end + 2] == b"\r\n"
            self._text += self.rest[begin:end]
            self.rest = self.rest[end + 2 :]
            self.ended = begin == end


def _event(lines: str) -> Event:
    assert "\r" not in lines
    pairs = [line.partition(": ")[::2] for line in lines.split("\n")]
    found = dict(pairs)
    assert len(found) == len(pairs), f"a field is given twice: {lines}"
    assert found.keys() <= {"event", "id", "data", "retry"}, lines
    retry = int(found["retry"]) if "retry" in found else None
    return Event(found.get("event"), found.get("id"), found.get("data"), retry)


def request(
    address: str,
    query: Query | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    path: str = LIVE,
    version: str = "1.1",
) -> bytes:
    """The bytes that ask for a stream."""
    target = f"{path}?{urlencode(query, doseq=True)}" if query else path
    fields = {"Host": address, "Accept": "text/event-stream", **(headers or {})}
    lines = [f"GET {target} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


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
        self.socket.sendall(request(address.netloc, query, headers, path=path, version=version))
        self.patience = patience
        self.id: str | None = None
        """The newest cursor: with it the next stream goes on."""
        self._decoder = Decoder()
        self._events: deque[Event] = deque()
        while wait and not self.status:
            self._receive()

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._decoder.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, their names in lower case."""
        return self._decoder.headers

    def refusal(self) -> dict[str, Any]:
        """What was answered instead of a stream."""
        while len(self._decoder.rest) < int(self.headers["content-length"]):
            self._receive()
        told: dict[str, Any] = json.loads(self._decoder.rest)
        return told

    def next(self) -> Event | None:
        """The next event, with data or without; None at the end. Raises CutOff, and TimeoutError."""
        while not self._events:
            if self._decoder.ended:
                return None
            self._receive()
        event = self._events.popleft()
        self.id = event.id or self.id
        return event

    def _receive(self) -> None:
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError as error:
            raise CutOff from error
        self._events += self._decoder.feed(data)

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def signals(self, number: int) -> list[dict[str, Any]]:
        """The next so many signals."""
        return [event.signal for event in self.events(number)]

    def events(self, number: int) -> list[Event]:
        """The next so many events that have data."""
        found: list[Event] = []
        while len(found) < number:
            event = self.next()
            assert event is not None, f"the stream ended after {len(found)} of {number} events"
            if event.data is not None:
                found.append(event)
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

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, in good order."""
        return self._decoder.ended

    def rest(self) -> bytes:
        """What comes behind the end."""
        return self._decoder.rest or self.socket.recv(65536)

    def cut_off(self) -> bool:
        """Whether the connection was reset, waiting for that without reading anything."""
        poll = select.poll()
        poll.register(self.socket, select.POLLERR)
        return bool(poll.poll(self.patience * 1000))

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
