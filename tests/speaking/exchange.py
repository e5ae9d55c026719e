"""What is said between a producer and the service: a request, and the answer to it."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tests.running import confidential
from tests.running.waiting import DEADLINE_SECONDS

Headers = tuple[tuple[str, bytes], ...]

SIGNALS = "/api/v1/signals"
BATCH = "/api/v1/signals/batch"


@dataclass(frozen=True)
class Request:
    """A request, byte for byte. With `length_declared` false its body is sent in chunks."""

    method: str = "GET"
    path: str = SIGNALS
    headers: Headers = ()
    body: bytes | None = None
    length_declared: bool = True

    def header(self, name: str) -> bytes:
        """The value of the one header of this name."""
        [value] = [value for key, value in self.headers if key == name]
        return value

    @property
    def text(self) -> str:
        """The body, which is there and is text."""
        assert self.body is not None
        return self.body.decode()

    def adding(self, name: str, value: bytes) -> Self:
        """The same request with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def without(self, *names: str) -> Self:
        """The same request without the headers of these names."""
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] not in names))

    def setting(self, name: str, value: bytes) -> Self:
        """The same request with another value of one header."""
        return self.without(name).adding(name, value)


@dataclass(frozen=True)
class Answer:
    """An answer, and how long it took."""

    status: int
    headers: httpx.Headers
    body: bytes
    seconds: float

    def __post_init__(self) -> None:
        """Whoever reads a refusal, and however, it tells nothing that is confidential."""
        confidential.check_refusal(self.status, self.body)

    def json(self) -> Any:
        """The value of a JSON body."""
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        """The id under which the log knows the request."""
        return self.headers["X-Request-Id"]

    @property
    def label(self) -> str:
        """The status, and the code of a refusal by the service itself: a proxy before it has none."""
        if self.status < 400:
            return str(self.status)
        told = self.json() if self.headers.get("Content-Type") == "application/json" else {}
        return f"{self.status} {told.get('code', '-')}"

    @property
    def replayed(self) -> bool:
        """Whether this is the answer to an earlier request, given again."""
        return "Idempotent-Replayed" in self.headers


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    request: Request
    answer: Answer

    def __str__(self) -> str:
        request, answer = self.request, self.answer
        sent = "\n".join(f"{name}: {b'...' if name == 'X-Signature' else value!r}" for name, value in request.headers)
        got = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
        return (
            f"{request.method} {request.path}\n{sent}\n\n{(request.body or b'')[:2000]!r}\n\n"
            f"{answer.status} after {answer.seconds:.3f} s\n{got}\n\n{answer.body[:2000]!r}"
        )


def _httpx_request(url: str, request: Request) -> httpx.Request:
    body = request.body
    confidential.note_request(dict(request.headers), body or b"")
    content = _in_chunks(body) if body is not None and not request.length_declared else body
    headers = [(name.encode(), value) for name, value in request.headers]
    return httpx.Request(request.method, url + request.path, headers=headers, content=content)


def _in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 16384):
        yield body[start : start + 16384]


def _answer(response: httpx.Response, started: float) -> Answer:
    return Answer(response.status_code, response.headers, response.content, time.monotonic() - started)


def exchange(client: httpx.Client, url: str, request: Request) -> Exchange:
    """Send a request to the service at `url` and take its answer."""
    started = time.monotonic()
    return Exchange(request, _answer(client.send(_httpx_request(url, request)), started))


async def exchange_concurrently(client: httpx.AsyncClient, url: str, request: Request) -> Exchange:
    """The same for many requests at once."""
    started = time.monotonic()
    return Exchange(request, _answer(await client.send(_httpx_request(url, request)), started))


def exchange_misdeclared(url: str, request: Request, declared: int) -> Exchange:
    """Send a request that declares its body to have `declared` bytes, whatever it has."""
    return _exchange_by_hand(url, request.adding("Content-Length", b"%d" % declared), lambda _: None)


def exchange_interrupted(url: str, request: Request, interrupt: Callable[[], None]) -> Exchange:
    """Send a request of which the body never comes, and call `interrupt` when the service waits for it."""

    def await_continue(connection: http.client.HTTPConnection) -> None:
        assert connection.sock.recv(1024).startswith(b"HTTP/1.1 100 ")
        interrupt()

    waiting = replace(request, body=b"").adding("Content-Length", b"%d" % len(request.body or b""))
    return _exchange_by_hand(url, waiting.adding("Expect", b"100-continue"), await_continue)


def _exchange_by_hand(url: str, request: Request, meanwhile: Callable[[http.client.HTTPConnection], None]) -> Exchange:
    confidential.note_request(dict(request.headers), request.body or b"")
    started = time.monotonic()
    scheme, address, prefix, *_ = urlsplit(url)
    connect = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = connect(address, timeout=DEADLINE_SECONDS)
    try:
        connection.putrequest(request.method, prefix + request.path)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders(request.body)
        meanwhile(connection)
        response = connection.getresponse()
        headers = httpx.Headers(response.getheaders())
        return Exchange(request, Answer(response.status, headers, response.read(), time.monotonic() - started))
    finally:
        connection.close()
