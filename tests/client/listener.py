"""Something that listens, which can be closed and opened again at the same place."""

import asyncio

from anyio.from_thread import BlockingPortal


class Listener:
    """Serves each connection in a task of its own; closed until it is opened."""

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal
        self._server: asyncio.Server | None = None
        self._port = 0
        self._guests: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is found; the same for good."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Let connections in from now on."""
        self._portal.call(self.open_now)

    def close(self) -> None:
        """Refuse all connections from now on, and end those that there are."""
        self._portal.call(self.close_now)

    async def open_now(self) -> None:
        """The same within the event loop."""
        self._server = await asyncio.start_server(self._arrived, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close_now(self) -> None:
        """The same within the event loop."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)

    def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.create_task(self._serve(reader, writer))
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, and close it."""
        raise NotImplementedError
