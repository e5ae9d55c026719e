"""What the tests of the client and of the command line share: a signing service and one that anybody may read, roads to
services, and signals that come in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
from anyio.from_thread import BlockingPortal

from tests.client.road import Road, road_to
from tests.running.deployment import Deployment
from tests.speaking.exchange import SIGNALS

MakeRoad = Callable[[str], Road]

PAYLOAD = '{"price": 1950.50, "long": 0.1234567890123456789012345, "whole": 123456789012345678901234567890}'

SHOWN = '{"long":0.1234567890123456789012345,"price":1950.50,"whole":123456789012345678901234567890}'
"""The same, as PostgreSQL orders it."""

Store = Callable[..., str]


@pytest.fixture
def signing(deployment: Deployment) -> Deployment:
    """A service that demands signatures."""
    deployment.demand_signing(on=True)
    return deployment


@pytest.fixture
def make_road(portal: BlockingPortal) -> Iterator[MakeRoad]:
    """Makes open roads to a service."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(portal.wrap_async_context_manager(road_to(url, portal)))


@pytest.fixture
def open_to_all(deployment: Deployment) -> Deployment:
    """A service that anybody may read."""
    deployment.configure(SIGNALS_READERS="open")
    return deployment


@pytest.fixture
def instrument() -> str:
    """One of which nobody else has signals."""
    return f"T{uuid4().hex[:10].upper()}"


@pytest.fixture
def store(deployment: Deployment, instrument: str) -> Store:
    """Stores a signal; returns its id."""

    def store(side: int = 0, payload: str = PAYLOAD, producer_id: str = "my-bot") -> str:
        body = f'{{"instrument":"{instrument}","side":{side},"time":"2026-01-31T12:00:00Z","payload":{payload}}}'
        headers = {"Content-Type": "application/json", "X-Producer-Id": producer_id}
        answer = deployment.client.post(deployment.url + SIGNALS, content=body.encode(), headers=headers)
        assert answer.status_code == 201
        return str(answer.json()["id"])

    return store
