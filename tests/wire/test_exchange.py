"""An answer on its way out: in one piece, and with what becomes of its connection."""

import asyncio
from collections.abc import Sequence

import pytest
import uvicorn
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from service.kernel.limits import Limits
from service.settings import Settings
from service.wire.budget import Budget
from service.wire.protocol import GuardedProtocol

SETTINGS = Settings(_env_file=None, hmac_producer_enabled=False, signals_idle_seconds=5)
LIMITS = Limits()

DECLARED = b"Content-Length: 4\r\n\r\nbody"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
KEPT = [b"connection: keep-alive", b"keep-alive: timeout=5"]
CLOSED = [b"connection: close"]


class Socket(asyncio.Transport):
    """Remembers what was written to it, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        return

    def resume_reading(self) -> None:
        return


class Reading:
    """Reads so many messages of a body, and answers."""

    def __init__(self, messages: int, answer: ASGIApp) -> None:
        self._messages = messages
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(self._messages):
            await receive()
        await self._answer(scope, receive, send)


async def answered(app: ASGIApp, *pieces: bytes) -> Socket:
    """What became of a connection over which these pieces came."""
    config = uvicorn.Config(app, loop="none", ws="none", lifespan="off", log_config=None, access_log=False)
    given = {"config": config, "server_state": ServerState(), "app_state": {}}
    protocol = GuardedProtocol(settings=SETTINGS, limits=LIMITS, budget=Budget(LIMITS.unproven_bytes), **given)
    socket = Socket()
    protocol.connection_made(socket)
    for piece in pieces:
        protocol.data_received(piece)
        await asyncio.gather(*protocol.tasks)
    protocol.connection_lost(None)
    return socket


def request(rest: bytes, method: bytes = b"POST") -> bytes:
    """A request, from its last header on."""
    return method + b" /path HTTP/1.1\r\nHost: signals\r\n" + rest


def about_the_connection(head: bytes) -> list[bytes]:
    """The headers of an answer that say what becomes of its connection."""
    return [line for line in head.split(b"\r\n") if line.startswith((b"connection:", b"keep-alive:"))]


@pytest.mark.anyio
async def test_head_and_body_leave_as_one() -> None:
    [written] = (await answered(Response("text"), request(b"\r\n"))).written
    head, _, body = written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ncontent-length: 4\r\n" in head
    assert body == b"text"


@pytest.mark.anyio
async def test_a_large_body_is_not_copied() -> None:
    """Clients that do not read the same page share it."""
    page = Response(bytes(1_000_000))
    head, body = (await answered(page, request(b"\r\n"))).written
    assert head.endswith(b"\r\n\r\n")
    assert body is page.body


@pytest.mark.anyio
async def test_an_answer_to_head_has_no_body() -> None:
    [written] = (await answered(Response("text"), request(b"\r\n", method=b"HEAD"))).written
    assert b"\r\ncontent-length: 4\r\n" in written
    assert written.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("headers", [None, {"content-length": "8"}])
@pytest.mark.anyio
async def test_an_answer_that_comes_in_parts_is_sent_whole(headers: dict[str, str] | None) -> None:
    app = StreamingResponse(iter(["some", "text"]), headers=headers)
    sent = b"".join((await answered(app, request(b"\r\n"))).written)
    head, _, body = sent.partition(b"\r\n\r\n")
    assert (b"chunked" in head) == (headers is None)
    assert body == (b"sometext" if headers else b"4\r\nsome\r\n4\r\ntext\r\n0\r\n\r\n")


@pytest.mark.parametrize("name", ["x-mark\r\nset-cookie", "x-mark"])
@pytest.mark.anyio
async def test_a_header_cannot_begin_another(name: str) -> None:
    app = Response(headers={name: "a" if "\n" in name else "a\nset-cookie: b"})
    assert not any(b"set-cookie" in written for written in (await answered(app, request(b"\r\n"))).written)


@pytest.mark.parametrize(
    ("pieces", "messages", "kept"),
    [
        pytest.param([request(b"\r\n")], 0, True, id="no body"),
        pytest.param([request(b"Content-Length: 0\r\n\r\n")], 0, True, id="an empty body"),
        pytest.param([request(b"Content-Length: 000\r\n\r\n")], 0, True, id="an empty body, otherwise written"),
        pytest.param([request(DECLARED)], 0, False, id="declared and unread"),
        pytest.param([request(DECLARED)], 1, True, id="declared and read"),
        pytest.param([request(CHUNKED)], 0, False, id="undeclared and unread"),
        pytest.param([request(CHUNKED)], 1, True, id="undeclared and read"),
        pytest.param([request(DECLARED[:-1])], 1, False, id="read in part"),
        pytest.param([request(DECLARED[:-4])], 0, False, id="not arrived"),
        pytest.param([request(b"Connection: close\r\n\r\n")], 0, False, id="closed by the client"),
        pytest.param([request(b"\r\n").replace(b"1.1", b"1.0")], 0, False, id="an old client"),
    ],
)
@pytest.mark.anyio
async def test_a_connection_is_kept_unless_something_is_left_on_it(
    pieces: Sequence[bytes], messages: int, kept: bool
) -> None:
    """What is left of a body would pass for the next request."""
    socket = await answered(Reading(messages, Response("text")), *pieces)
    assert about_the_connection(socket.written[0]) == (KEPT if kept else CLOSED)
    assert socket.closed != kept


@pytest.mark.anyio
async def test_the_next_request_is_answered_on_the_same_connection() -> None:
    socket = await answered(Reading(1, Response("text")), request(DECLARED), request(CHUNKED))
    assert [about_the_connection(written) for written in socket.written] == [KEPT, KEPT]
