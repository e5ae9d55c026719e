"""The transport before the socket: what is written together leaves together."""

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
async def test_head_and_body_of_an_answer_are_sent_as_one() -> None:
    socket, transport = connected()
    transport.write(b"head")
    transport.write(b"body")
    assert transport.get_write_buffer_size() == 8
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert socket.done == [b"headbody", b"next"]


@pytest.mark.anyio
async def test_a_large_body_is_not_copied() -> None:
    """Clients that do not read the same page share it."""
    socket, transport = connected()
    body = bytes(1_000_000)
    transport.write(b"head")
    transport.write(body)
    await asyncio.sleep(0)
    assert socket.done == [b"head", body]
    assert socket.done[1] is body


@pytest.mark.anyio
async def test_what_was_written_is_sent_before_the_connection_closes() -> None:
    socket, transport = connected()
    transport.write(b"answer")
    transport.close()
    await asyncio.sleep(0)
    assert socket.done == [b"answer", "close"]


@pytest.mark.anyio
async def test_nothing_is_sent_over_a_connection_that_was_lost_meanwhile() -> None:
    socket, transport = connected()
    transport.write(b"answer")
    socket.close()
    await asyncio.sleep(0)
    assert socket.done == ["close"]
