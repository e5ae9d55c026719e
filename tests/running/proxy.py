"""The stretch of network between a service and its database, which a scenario can cut, stall and mend.

A relay on a socket of its own: while it is cut nobody listens there, and while it is stalled everything that is sent
stays on its way. The database itself goes on running for everybody else.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from service.postgres.url import connection_arguments


class DatabaseLink:
    """A relay to the database at a URL; to be used within the event loop that runs it."""

    def __init__(self, url: str, directory: Path) -> None:
        target = connection_arguments(url)
        self._host, self._port = target["host"], target["port"]
        self._socket = directory / ".s.PGSQL.5432"
        self.url = _through(url, directory)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        """Relay from now on, new connections and what was stalled alike."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._relay, self._socket)

    async def stall(self) -> None:
        """Keep all connections open, and deliver nothing."""
        self._flowing.clear()

    async def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._socket.unlink(missing_ok=True)
        self.disconnect()

    def disconnect(self) -> None:
        """Break all connections, and accept new ones."""
        for stream in self._streams:
            stream.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await self._connect()
            self._streams |= {writer, far_writer}
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            self._streams -= {writer, far_writer}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        return await asyncio.open_connection(self._host, self._port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


def _through(url: str, directory: Path) -> str:
    """`url` with the socket in `directory` in place of its host."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user + at, query=f"host={directory}"))


@asynccontextmanager
async def database_link(url: str) -> AsyncIterator[DatabaseLink]:
    """A link to the database at `url`, mended, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="signals-link-") as directory:
        link = DatabaseLink(url, Path(directory))
        await link.mend()
        try:
            yield link
        finally:
            link._flowing.set()
            await link.cut()
