"""What all tests share: a PostgreSQL server, running services, and the sentences of the feature files."""

import inspect
from collections.abc import Callable, Iterator

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.conversation import Conversation
from tests.deployment import Deployment, Fleet
from tests.feature_files import read_features
from tests.figures import Figures
from tests.postgres import Database, PostgresServer, running_postgres
from tests.producer import Producer
from tests.specification.facts import FACTS
from tests.storage import Storage

pytest_plugins = [
    "tests.client.shared",
    "tests.specification.plugin",
    "tests.steps.answers",
    "tests.steps.crowds",
    "tests.steps.explanations",
    "tests.steps.faults",
    "tests.steps.figures",
    "tests.steps.logs",
    "tests.steps.operators",
    "tests.steps.producers",
    "tests.steps.resends",
    "tests.steps.service",
    "tests.steps.signals",
    "tests.steps.storage",
]


def pytest_configure(config: pytest.Config) -> None:
    """Make each criterion a marker: `pytest -m AC-07` runs it, `pytest --markers` lists them all."""
    for feature in read_features():
        config.addinivalue_line("markers", f"{feature.tag}: {feature.title}")


def pytest_bdd_before_step(step_func: Callable[..., object]) -> None:
    """pytest-bdd calls an `async def` step without awaiting it, so that it would pass whatever it says."""
    assert not inspect.iscoroutinefunction(step_func), f"{step_func.__name__} is a coroutine function"


def pytest_bdd_step_error(request: pytest.FixtureRequest, exception: Exception) -> None:
    """Show what was sent, answered and logged, below the error of a step that failed."""
    if "conversation" in request.fixturenames:
        conversation: Conversation = request.getfixturevalue("conversation")
        exception.add_note(conversation.describe())


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread of its own, for whatever the tests do asynchronously."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def postgres(portal: BlockingPortal, pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A real PostgreSQL server for this test process."""
    with running_postgres(portal) as server:
        pytestconfig.stash[FACTS]["Database"] = f"PostgreSQL {server.version}"
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    """A new database with the tables of the service."""
    database = postgres.create()
    yield database
    database.close()


@pytest.fixture(scope="session")
def fleet(postgres: PostgresServer) -> Iterator[Fleet]:
    """The services that scenarios share."""
    fleet = Fleet(postgres)
    yield fleet
    fleet.retire()


@pytest.fixture
def deployment(fleet: Fleet, portal: BlockingPortal) -> Iterator[Deployment]:
    """The service of this scenario."""
    deployment = Deployment(fleet, portal)
    yield deployment
    deployment.close()


@pytest.fixture
def conversation(deployment: Deployment, portal: BlockingPortal) -> Conversation:
    """All that this scenario says to the service."""
    return Conversation(deployment, portal)


@pytest.fixture
def producer(deployment: Deployment, conversation: Conversation) -> Producer:
    """The producer in this scenario."""
    return Producer(deployment, conversation)


@pytest.fixture
def storage(deployment: Deployment, conversation: Conversation) -> Storage:
    """The signals in the database of this scenario's service."""
    return Storage(deployment, conversation)


@pytest.fixture
def figures(deployment: Deployment) -> Figures:
    """The metrics of this scenario's service."""
    return Figures(deployment)
