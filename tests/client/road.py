"""The way between a producer and the service, on which requests and answers meet with mishaps.

It forwards whole requests, one by one, and remembers each as it was sent. What becomes of the next requests is
planned: for each one mishap, and for those beyond the plan none.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from anyio.from_thread import BlockingPortal

from tests.client.listener import Listener

NONE = b"none"
"""The answer of the service arrives."""

LOST = b""
"""The service has answered, and nothing of it arrives."""

CUT = b"HTTP/1.1 2"
"""The service has answered, and only this arrives."""

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


def answer(status: str, *headers: str, body: str = "", length: int | None = None) -> bytes:
    """An answer that something before the service gives by itself, without asking the service."""
    content = body.encode()
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(content) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Road(Listener):
    """A TCP proxy to the service at `target`; closed until it is opened."""

    def __init__(self, target: str, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.requests: list[bytes] = []
        self._target = target
        self._plan: deque[bytes] = deque()

    def plan(self, mishaps: Iterable[bytes]) -> None:
        """What becomes of the next requests: NONE, LOST, CUT, or an `answer` that comes instead."""
        self._plan.extend(mishaps)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    request = await _message(reader)
                    self.requests.append(request)
                    mishap = self._plan.popleft() if self._plan else NONE
                    writer.write(await self._outcome(request, mishap))
                    await writer.drain()
                    if mishap in {LOST, CUT}:
                        return
        finally:
            writer.close()

    async def _outcome(self, request: bytes, mishap: bytes) -> bytes:
        if mishap not in {NONE, LOST, CUT}:
            return mishap
        service = urlsplit(self._target)
        reader, writer = await asyncio.open_connection(service.hostname, service.port)
        try:
            writer.write(request)
            given = await _message(reader)
        finally:
            writer.close()
        return given if mishap == NONE else mishap


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One whole request or answer; if it has a body it declares its length here."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


@asynccontextmanager
async def road_to(target: str, portal: BlockingPortal) -> AsyncIterator[Road]:
    """An open road, for as long as the context lasts."""
    road = Road(target, portal)
    await road.open_now()
    try:
        yield road
    finally:
        await road.close_now()
