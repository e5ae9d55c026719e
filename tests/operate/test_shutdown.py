"""Leaving: unready first, then closed, then the server's own handler; and what a second signal does."""

import asyncio
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from service.operate.shutdown import Shutdown

NUMBERS = (signal.SIGTERM, signal.SIGINT)


class Server:
    """Notes when it is told to stop, like the intake that is closed before."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.stopped = asyncio.Event()

    def close(self) -> None:
        """The intake is closed."""
        self.told.append("close")

    def stop(self, number: int, _: FrameType | None) -> None:
        """The handler of the server."""
        self.told.append(signal.Signals(number))
        self.stopped.set()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that has set its handlers; those of this process come back in the end."""
    server = Server()
    before = {number: signal.signal(number, server.stop) for number in NUMBERS}
    yield server
    for number, handler in before.items():
        signal.signal(number, handler)


async def until_stopped(server: Server) -> None:
    """Return when the server was told to stop."""
    async with asyncio.timeout(10):
        await server.stopped.wait()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.anyio
async def test_without_a_delay_the_first_signal_closes_and_stops(server: Server, number: signal.Signals) -> None:
    shutdown = Shutdown(0, server.close)
    shutdown.listen()
    assert not shutdown.begun
    signal.raise_signal(number)
    assert shutdown.begun
    assert server.told == ["close", number]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.anyio
async def test_with_a_delay_readiness_ends_first(server: Server, number: signal.Signals) -> None:
    loop = asyncio.get_running_loop()
    shutdown = Shutdown(0.2, server.close)
    shutdown.listen()
    began = loop.time()
    signal.raise_signal(number)
    assert (shutdown.begun, server.told) == (True, [])
    await until_stopped(server)
    assert loop.time() - began >= 0.19, "clocks of an event loop are not finer than that"
    assert server.told == ["close", number]


@pytest.mark.anyio
async def test_a_second_sigterm_does_not_shorten_the_delay(server: Server) -> None:
    """A worker process may get it both from its parent and as a member of its group."""
    shutdown = Shutdown(0.2, server.close)
    shutdown.listen()
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    assert server.told == []
    await until_stopped(server)
    assert server.told == ["close", signal.SIGTERM]


@pytest.mark.anyio
async def test_a_second_ctrl_c_goes_through_at_once(server: Server) -> None:
    shutdown = Shutdown(300, server.close)
    shutdown.listen()
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert server.told == ["close", signal.SIGINT]


@pytest.mark.anyio
async def test_a_server_without_handlers_is_no_obstacle(server: Server) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    shutdown = Shutdown(0, server.close)
    shutdown.listen()
    signal.raise_signal(signal.SIGTERM)
    assert (shutdown.begun, server.told) == (True, ["close"])
