"""A keep-alive connection over which whole requests go as bytes, and which knows whether they were handed over."""

import asyncio
import socket
import time

import httpx

from tests.running.waiting import DEADLINE_SECONDS
from tests.speaking.exchange import Answer


class NotSent(Exception):
    """There was no connection to send the request on."""


class Broken(Exception):
    """The connection ended after the request had been handed over completely, and before its answer."""


class Connection:
    """One connection to the service at a port of this machine; opened when it is needed, and again when it has ended.

    Used within a running event loop, for one request at a time.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self.waiting = False
        """Whether a request has been handed over and its answer has not come."""

    async def ask(self, request: bytes, patience: float = DEADLINE_SECONDS) -> Answer:
        """Send a request and wait for its answer.

        Raises NotSent, Broken, or TimeoutError when there was no answer for `patience` seconds.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                connection = await self._connected()
                await self._hand_over(connection, request)
                answer = await _answer(connection, started)
        except BaseException:
            self.close()
            raise
        self.waiting = False
        if answer.headers.get("Connection") == "close":
            self.close()
        return answer

    async def _connected(self) -> socket.socket:
        if self._socket is not None and not _hung_up(self._socket):
            return self._socket
        self.close()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", self._port))
        except OSError as error:
            raise NotSent from error
        return self._socket

    async def _hand_over(self, connection: socket.socket, request: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(connection, request)
        except OSError as error:
            raise NotSent from error
        if _hung_up(connection):
            raise NotSent
        self.waiting = True

    def close(self) -> None:
        """Hang up; the next request opens a new connection."""
        self.waiting = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side has ended the connection in good order. When it has not, right after a request was
    handed over, then the request arrived before the end: on one machine the kernel delivers at once."""
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return False


async def _answer(connection: socket.socket, started: float) -> Answer:
    received = b""
    while (found := first_answer(received, time.monotonic() - started)) is None:
        try:
            more = await asyncio.get_running_loop().sock_recv(connection, 65536)
        except OSError as error:
            raise Broken(f"broken before the answer was complete: {received!r}") from error
        if not more:
            raise Broken(f"closed before the answer was complete: {received!r}")
        received += more
    answer, rest = found
    assert not rest, f"more than an answer: {rest!r}"
    return answer


def first_answer(received: bytes, seconds: float) -> tuple[Answer, bytes] | None:
    """The first answer in what was received within so many seconds, and the rest; None when it is not complete."""
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.split(b"\r\n")
    headers = httpx.Headers([(name, value) for name, _, value in (line.partition(b": ") for line in lines)])
    length = int(headers.get("Content-Length", "0"))
    if len(rest) < length:
        return None
    return Answer(int(first.split(b" ")[1]), headers, rest[:length], seconds), rest[length:]
