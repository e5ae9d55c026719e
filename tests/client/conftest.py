"""A signing service, roads to it, a small server of the feed, and both clients behind one face, so that each test is
about both."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from anyio import to_thread
from anyio.from_thread import BlockingPortal

from service.client import AsyncSignalsClient, SignalsClient, StoredSignal
from service.client.signal import Sendable
from tests.client.feed_server import FeedServer, feed_server
from tests.client.patience import Patience
from tests.client.readers import Awaiting, Blocking, Reads
from tests.client.road import Road
from tests.client.shared import MakeRoad
from tests.running.deployment import SECRET, Deployment


class Sends(Protocol):
    """What both clients have in common here."""

    def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        """Send a signal and wait for what comes of it."""


Connect = Callable[..., Sends]


class _Awaiting:
    """The asynchronous client, for tests that are not coroutines. Pauses are spent in a thread, off its loop."""

    def __init__(self, portal: BlockingPortal, url: str, sleep: Callable[[float], None], options: Any) -> None:
        async def wait(seconds: float) -> None:
            await to_thread.run_sync(sleep, seconds)

        self._portal = portal
        self._client = AsyncSignalsClient(url, sleep=wait, **options)

    def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        async def send() -> StoredSignal:
            return await self._client.send(signal, request_id=request_id)

        return self._portal.call(send)

    def close(self) -> None:
        self._portal.call(self._client.aclose)


@pytest.fixture
def patience() -> Patience:
    """The clock and the sleep of the clients in this test."""
    return Patience()


@pytest.fixture(params=["blocking", "awaiting"])
def connect(request: pytest.FixtureRequest, portal: BlockingPortal, patience: Patience) -> Iterator[Connect]:
    """Makes clients of either kind, which sign with the secret of the tests unless told otherwise."""
    with ExitStack() as stack:

        def connect(url: str, **options: Any) -> Sends:
            options = {"producer_id": "mt5-gold-1", "secret": SECRET, "clock": patience.now, **options}
            if request.param == "blocking":
                return stack.enter_context(SignalsClient(url, sleep=patience.sleep, **options))
            client = _Awaiting(portal, url, patience.sleep, options)
            stack.callback(client.close)
            return client

        yield connect


ReadFrom = Callable[..., Reads]


@pytest.fixture
def server(portal: BlockingPortal) -> Iterator[FeedServer]:
    """A small server of the feed."""
    with portal.wrap_async_context_manager(feed_server(portal)) as server:
        yield server


@pytest.fixture(params=["blocking", "awaiting"])
def read_from(request: pytest.FixtureRequest, portal: BlockingPortal, patience: Patience) -> Iterator[ReadFrom]:
    """Makes readers of either kind."""
    with ExitStack() as stack:

        def read_from(url: str, **options: Any) -> Reads:
            options = {"clock": patience.now, "token": "t-0123", "silence_seconds": 2, **options}
            if request.param == "blocking":
                reader: Blocking | Awaiting = Blocking(url, patience.sleep, options)
            else:
                reader = Awaiting(portal, url, patience.sleep, options)
            stack.callback(reader.close)
            return reader

        yield read_from


@pytest.fixture
def road(signing: Deployment, make_road: MakeRoad) -> Road:
    """An open road to the service of this test, which demands signatures."""
    return make_road(signing.service.url)
