"""Under uvloop: a connection that ends as soon as it is made is one that could not be made, for both asynchronous
clients."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from threading import Thread

import pytest
import uvloop

from service.client import AsyncSignalsClient, AsyncSignalsReader, Retries, Side, Signal, SignalsError

TRIES = 20
"""Four of five of them met it."""

ONCE = Retries(for_seconds=0)
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: to close resets the connection."""


def _end_all(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            connection.close()


@contextmanager
def ending_at_once() -> Iterator[str]:
    """Where each connection is ended as soon as it is made."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = Thread(target=_end_all, args=[listening])
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


async def _hold_up() -> None:
    while True:
        time.sleep(0.002)  # noqa: ASYNC251  # until the other end is gone, each time the loop goes round
        await asyncio.sleep(0)


@asynccontextmanager
async def busy_loop() -> AsyncIterator[None]:
    """An event loop that learns of what has happened a little later."""
    holding = asyncio.create_task(_hold_up())
    try:
        yield
    finally:
        holding.cancel()
        await asyncio.wait({holding})


def test_a_producer_is_told_so() -> None:
    async def send() -> None:
        async with busy_loop(), AsyncSignalsClient(url, secret=None, unsigned=True, retries=ONCE) as client:
            for _ in range(TRIES):
                with pytest.raises(SignalsError):
                    await client.send(Signal("XAUUSD", Side.BUY))

    with ending_at_once() as url:
        uvloop.run(send())


def test_a_reader_is_told_so() -> None:
    async def read() -> None:
        async with busy_loop(), AsyncSignalsReader(url, retries=ONCE) as reader:
            for _ in range(TRIES):
                with pytest.raises(SignalsError):
                    await anext(reader.pages())
                with pytest.raises(SignalsError):
                    await anext(reader.follow(give_up_after=0))

    with ending_at_once() as url:
        uvloop.run(read())
