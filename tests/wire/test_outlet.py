"""The way to a client past ASGI: what was written before comes first, and it is known whether the client takes it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from uvicorn.protocols.http.flow_control import FlowControl

from service.kernel.limits import Limits
from service.wire.outlet import Outlet
from service.wire.transport import LingeringTransport
from tests.running.waiting import until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[LingeringTransport, Outlet, socket.socket]]:
    """A connection with an outlet, and its client."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=listener.accept()[0])
        lingering = LingeringTransport(transport, loop, Limits(), unsent_seconds=1)
        try:
            yield lingering, Outlet(lingering, FlowControl(lingering), chunked=True), client
        finally:
            transport.abort()


async def test_what_was_written_before_comes_before() -> None:
    async with connected() as (transport, outlet, client):
        transport.write(b"head ")
        outlet.write(b"body ")
        transport.write(b"end")
        await asyncio.sleep(0)
        assert client.recv(100) == b"head body end"


async def test_a_client_makes_progress_when_it_takes_anything() -> None:
    """Red when only the bytes of the process count: the kernel keeps more than a slow client takes in a while."""
    async with connected() as (_, outlet, client):
        assert outlet.progressed()
        outlet.write(bytes(1_000_000))
        await until(lambda: not outlet.progressed(), "the kernel is full")
        for _ in range(3):
            client.recv(20_000)
            await until(outlet.progressed, "something was taken")
        client.setblocking(False)
        await until(lambda: not outlet.progressed(), "nothing is taken any more")


async def test_a_client_that_has_taken_everything_owes_nothing() -> None:
    async with connected() as (_, outlet, client):
        outlet.write(b"event")
        assert client.recv(100) == b"event"
        await until(lambda: outlet.progressed() and outlet.progressed(), "it is acknowledged")


async def test_a_connection_that_is_cut_is_closed() -> None:
    async with connected() as (_, outlet, client):
        outlet.write(bytes(1_000_000))
        outlet.cut()
        await until(lambda: outlet.closed, "it is closed")
        with pytest.raises(ConnectionResetError):
            _read_all(client)


def _read_all(client: socket.socket) -> None:
    while client.recv(65536):
        pass
