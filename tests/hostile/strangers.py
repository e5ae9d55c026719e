"""Clients that make the service keep as much as they can, and prove nothing. One event loop drives them all."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from tests.hostile.requests import CHUNKED, HEALTH, LONGEST, POST, claiming, health

BODY = b"x" * 200_000
SEND_BUFFER = 400_000
"""Enough for all that a client sends, so that it need not wait for a service that does not read."""

RECEIVE_BUFFER = 4096


@dataclass(frozen=True, slots=True)
class Stranger:
    """What such a client sends, the last byte of it missing, and whether it reads answers."""

    sends: Callable[[], bytes]
    reads: bool = True


STRANGERS = {
    "unsigned bodies": Stranger(lambda: POST + b"Content-Length: 200000\r\n\r\n" + BODY),
    "bodies with a signature": Stranger(lambda: claiming(POST) + b"Content-Length: 200000\r\n\r\n" + BODY),
    "chunks": Stranger(lambda: claiming(CHUNKED) + b"%x\r\n" % len(BODY) + BODY),
    "large heads": Stranger(lambda: health(b"X-Note: " + b"x" * 16_000)),
    "heads of many headers": Stranger(lambda: health(b"A:\r\n" * 4000)),
    "heads of as many headers as allowed": Stranger(lambda: health(*[b"X-Note: " + b"x" * 70] * 99)),
    "many requests behind one that waits": Stranger(lambda: LONGEST * 2 + HEALTH * 5000, reads=False),
    "bodies that nobody reads": Stranger(
        lambda: LONGEST[:-2] + b"Content-Length: 200000\r\n\r\n" + BODY + HEALTH, reads=False
    ),
}


class Crowd:
    """So many strangers of one kind, while it is entered: all have sent what they send, and have not hung up."""

    def __init__(self, port: int, stranger: Stranger, number: int) -> None:
        self._port = port
        self._stranger = stranger
        self._number = number
        self._sockets: list[socket.socket] = []
        self._cleanup = AsyncExitStack()

    async def __aenter__(self) -> "Crowd":
        self._sockets = [self._cleanup.enter_context(socket.socket()) for _ in range(self._number)]
        await asyncio.gather(*map(self._come, self._sockets))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._cleanup.aclose()

    async def _come(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if not self._stranger.reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        with suppress(OSError):
            await loop.sock_connect(client, ("127.0.0.1", self._port))
            await loop.sock_sendall(client, self._stranger.sends()[:-1])

    def answers(self) -> Counter[str]:
        """How often each status was answered until now; `-` for none."""
        return Counter(map(_status, self._sockets))


def _status(client: socket.socket) -> str:
    try:
        return client.recv(12, socket.MSG_PEEK)[9:].decode() or "-"
    except OSError:
        return "-"
