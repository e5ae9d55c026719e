"""uvicorn's server and its worker processes: they say when they serve, and drop nobody who has connected."""

import asyncio
import select
import socket
from collections.abc import Sequence

import uvicorn
from uvicorn.supervisors import Multiprocess

from service.kernel.logs import log
from service.operate.listeners import BACKLOG, address_of


class Server(uvicorn.Server):
    """The server of one process."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says that it serves to who sits at the terminal."""
        await super().startup(sockets)
        _greet(sockets or [])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes in those who have connected: the kernel resets whom it finds waiting when the socket closes."""
        for _ in range(BACKLOG):
            if not _somebody_waits(sockets or []):
                break
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)  # for those who came last: they too are told that the server stops
        await super().shutdown(sockets)


class Workers(Multiprocess):
    """The processes that serve together."""

    greeted = False

    def keep_subprocess_alive(self) -> None:
        """Says that they serve, once all do."""
        super().keep_subprocess_alive()
        if not self.greeted and all(process.is_ready() for process in self.processes):
            self.greeted = True
            _greet(self.sockets)

    def terminate_all(self) -> None:
        """Lets go of the sockets first: while this process has them too, the kernel lets in whom nobody will answer."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def _somebody_waits(listeners: Sequence[socket.socket]) -> bool:
    waiting = select.poll()
    for listener in listeners:
        waiting.register(listener, select.POLLIN)
    return bool(waiting.poll(0))


def _greet(listeners: Sequence[socket.socket]) -> None:
    addresses = [address_of(listener) for listener in listeners]
    log.say(f"Ready: {', '.join(addresses)}. How to use it: {addresses[0]}/docs. Ctrl-C stops it.")
