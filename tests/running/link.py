"""The network between a browser and a service, and what can happen to it: a TCP proxy before the service."""

import asyncio
from urllib.parse import urlsplit

from anyio.from_thread import BlockingPortal

from tests.running.ports import free_port


class Link:
    """Forwards everything between browsers and the service at `target`, until it is told otherwise."""

    def __init__(self, target: str, portal: BlockingPortal) -> None:
        self._host, self._port = urlsplit(target).hostname, urlsplit(target).port
        self._own_port = free_port()
        self._portal = portal
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self.url = f"http://localhost:{self._own_port}"
        """Where the service is found, also after it was cut."""

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._portal.call(self.cut_now)

    def go_silent(self) -> None:
        """Deliver nothing any more, and keep and accept all connections."""
        self._portal.call(self._flowing.clear)

    def mend(self) -> None:
        """Forward from now on; what was not delivered is lost with its connection."""
        self._portal.call(self.mend_now)

    async def cut_now(self) -> None:
        """The same within the event loop."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def mend_now(self) -> None:
        """The same within the event loop."""
        await self.cut_now()
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "localhost", self._own_port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._forward(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side ends, which ends the other one."""
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        directions = [
            asyncio.create_task(self._pass_on(reader, far_writer)),
            asyncio.create_task(self._pass_on(far_reader, writer)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
