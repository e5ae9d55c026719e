"""What the tests of the client and of the command line share: a signing service, and roads to services."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from anyio.from_thread import BlockingPortal

from tests.client.road import Road, road_to
from tests.running.deployment import Deployment

MakeRoad = Callable[[str], Road]


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
