"""The network between a service and its database, and what can happen to it: a TCP proxy before PostgreSQL.

The database itself goes on running for everybody else. The proxy reads as much of the protocol as it needs:
https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from service.notation.connection_url import ConnectionUrl
from tests.running.ports import free_port

COMMAND_COMPLETE, READY_FOR_QUERY = b"C", b"Z"
OUTSIDE_OF_A_TRANSACTION = b"I"


def _always() -> bool:
    return True


class DatabaseProxy:
    """Forwards everything between the service and the database at a URL, on a socket or on TCP, until it is told
    otherwise. To be used within the event loop that runs it."""

    def __init__(self, url: str) -> None:
        self.lead_to(url)
        self._own_port = free_port()
        self.url = _through(url, self._own_port)
        """Where the service finds it, also after it was cut. Without TLS, which it could not read."""
        self.delay = 0.0
        """By so many seconds everything is late that the service sends."""
        self.accepted = 0
        """How many connections there have been."""
        self.commits_cut = 0
        """How many connections were broken right after a commit."""
        self._commits_to_cut = 0
        self._chance: Callable[[], bool] = _always
        self._even_empty = False
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._flowing = _set_event()

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._links)

    def lead_to(self, url: str) -> None:
        """Lead new connections to the database at this URL; those that there are stay where they are."""
        [(host, port)] = ConnectionUrl.parse(url).addresses
        self._host, self._port = host or "localhost", port or 5432

    async def mend(self) -> None:
        """Forward from now on, over new connections and over those that were stalled."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)

    async def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.disconnect()

    async def disconnect(self) -> None:
        """Break all connections, and accept new ones."""
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def stall(self) -> None:
        """Accept and keep all connections, and deliver nothing."""
        self._flowing.clear()

    def go_silent(self) -> None:
        """Deliver nothing any more over the connections that there are, and keep them; new ones are not affected."""
        self._flowing.clear()
        self._flowing = _set_event()

    def cut_commits(self, times: int, chance: Callable[[], bool] = _always, *, even_empty: bool = False) -> None:
        """Break that many connections more right after a commit of inserted rows, before the service hears of it.
        Each time `chance` says whether this is one of them. With `even_empty` an insert counts that inserts nothing,
        because its rows are there already."""
        self._commits_to_cut = self.commits_cut + times
        self._chance = chance
        self._even_empty = even_empty

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = asyncio.create_task(self._forward(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        link.add_done_callback(lambda _: writer.transport.abort())  # it may be cancelled before it begins

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side ends, which ends the other one."""
        flowing = self._flowing
        try:
            far_reader, far_writer = await self._connect()
        except OSError:
            return
        directions = [
            asyncio.create_task(self._statements(reader, far_writer, flowing)),
            asyncio.create_task(self._answers(far_reader, writer, flowing)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            far_writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        return await asyncio.open_connection(self._host, self._port)

    async def _statements(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event
    ) -> None:
        """From the service to PostgreSQL, unread."""
        while data := await reader.read(65536):
            await asyncio.sleep(self.delay)
            await flowing.wait()
            writer.write(data)
            await writer.drain()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event
    ) -> None:
        """From PostgreSQL to the service. A commit is done when PostgreSQL is ready for the next query, outside of a
        transaction: until then what it says since a command was completed is held back, once rows were inserted."""
        held, inserted, completed = b"", False, False
        async for kind, message in _messages(reader):
            held += message
            if kind == COMMAND_COMPLETE:
                inserted, completed = self._inserted(message, inserted), True
            if inserted and completed and kind != READY_FOR_QUERY:
                continue
            completed = completed and kind != READY_FOR_QUERY
            if inserted and kind == READY_FOR_QUERY and message.endswith(OUTSIDE_OF_A_TRANSACTION):
                inserted = False
                if self._cuts_now():
                    return
            await flowing.wait()
            writer.write(held)
            await writer.drain()
            held = b""

    def _inserted(self, command_complete: bytes, before: bool) -> bool:
        """Whether the transaction has inserted rows, now that one more command is complete."""
        tag = command_complete[5:].rstrip(b"\0").split()
        if tag[0] in {b"INSERT", b"COPY"}:
            return before or self._even_empty or tag[-1] != b"0"
        return before and tag[0] != b"ROLLBACK"

    def _cuts_now(self) -> bool:
        cut = self.commits_cut < self._commits_to_cut and self._chance()
        self.commits_cut += cut
        return cut


def _through(url: str, port: int) -> str:
    """`url` with a port of this machine in place of its host."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}", query="sslmode=disable"))


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """The messages of PostgreSQL, whole, each with its kind."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            head = await reader.readexactly(5)
            yield head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)


@asynccontextmanager
async def database_proxy(url: str) -> AsyncIterator[DatabaseProxy]:
    """A proxy before the database at `url`, open for as long as the context lasts."""
    proxy = DatabaseProxy(url)
    await proxy.mend()
    try:
        yield proxy
    finally:
        await proxy.cut()
