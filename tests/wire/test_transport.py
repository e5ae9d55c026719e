"""The transport before the socket: what is written leaves before the connection ends."""

import asyncio

import pytest

from service.kernel.limits import Limits
from service.wire.transport import LingeringTransport


class Socket(asyncio.Transport):
    """Remembers what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[object] = []

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.done.append(data)

    def close(self) -> None:
        self.done.append("close")

    def is_closing(self) -> bool:
        return "close" in self.done

    def get_write_buffer_size(self) -> int:
        return 0


def connected() -> tuple[Socket, LingeringTransport]:
    """A connection, and the transport before it."""
    socket = Socket()
    return socket, LingeringTransport(socket, asyncio.get_running_loop(), Limits(), unsent_seconds=1)


@pytest.mark.anyio
async def test_what_was_written_is_sent_before_the_connection_closes() -> None:
    socket, transport = connected()
    transport.write(b"answer")
    transport.close()
    assert socket.done == [b"answer", "close"]


@pytest.mark.anyio
async def test_nothing_is_sent_over_a_connection_that_is_lost() -> None:
    socket, transport = connected()
    socket.close()
    transport.write(b"answer")
    assert socket.done == ["close"]
