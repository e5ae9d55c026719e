"""A TCP proxy before PostgreSQL that cuts a connection after a commit and before its acknowledgement, or goes silent.

It reads as much of the protocol as it needs: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

CUT_SHARE = 0.5
"""How many of the commits are cut off while cutting, drawn from the seed."""

COMMAND_COMPLETE, READY_FOR_QUERY = b"C", b"Z"


class FaultyProxy:
    """Forwards everything, until it is told otherwise."""

    def __init__(self, target: Path, draw: random.Random) -> None:
        self.cuts = 0
        self._wanted = 0
        self._target = target
        self._draw = draw
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._flowing = _set_event()

    @property
    def url(self) -> str:
        """Where the service finds it. Without TLS, which it could not read."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"postgresql://signals@{host}:{port}/postgres?sslmode=disable"

    def cut(self, times: int) -> None:
        """Begin cutting, until there were that many cuts: of some commits the message that confirms them is not
        forwarded, the connection ends instead."""
        self._wanted = times

    def go_silent(self) -> None:
        """Forward no more over the connections that there are, and do not end them; new ones are not affected."""
        self._flowing.clear()
        self._flowing = _set_event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.create_task(self._forward(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side ends, which ends the other one."""
        database_reader, database_writer = await asyncio.open_unix_connection(str(self._target))
        directions = [
            asyncio.create_task(_statements(reader, database_writer, self._flowing)),
            asyncio.create_task(self._answers(database_reader, writer, self._flowing)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            writer.transport.abort()
            database_writer.transport.abort()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event
    ) -> None:
        """From PostgreSQL to the service. The commit is done when PostgreSQL says that it is ready for the next
        query: until then the message that rows were inserted is held back."""
        held = b""
        async for kind, message in _messages(reader):
            if held or (kind == COMMAND_COMPLETE and _rows_inserted(message)):
                held += message
                if kind != READY_FOR_QUERY:
                    continue
                if self._cuts_now():
                    return
                message, held = held, b""
            await flowing.wait()
            writer.write(message)
            await writer.drain()

    def _cuts_now(self) -> bool:
        cut = self.cuts < self._wanted and self._draw.random() < CUT_SHARE
        self.cuts += cut
        return cut


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def _statements(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
    """From the service to PostgreSQL, unread."""
    while chunk := await reader.read(65536):
        await flowing.wait()
        writer.write(chunk)
        await writer.drain()


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """The messages of PostgreSQL, whole, each with its kind."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            head = await reader.readexactly(5)
            yield head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


def _rows_inserted(message: bytes) -> bool:
    tag = message[5:].rstrip(b"\0").split()
    return tag[0] == b"INSERT" and tag[-1] != b"0"
