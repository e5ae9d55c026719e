"""What all tests share: a PostgreSQL server, running services, and the sentences of the feature files."""

import gc
import inspect
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.observing", "tests.running", "tests.speaking", "tests.steps")

from anyio.from_thread import BlockingPortal, start_blocking_portal
from pytest_bdd.parser import Step
from selenium.webdriver import Chrome

from tests.hostile.seed import SEED
from tests.observing.board import Board
from tests.observing.failures import describe
from tests.observing.figures import Figures
from tests.observing.log import Log
from tests.observing.storage import Storage
from tests.reliability.postgresql import make_template
from tests.running.browser import chromium
from tests.running.deployment import Deployment
from tests.running.environment import BASE_URL, BEHIND_PROXY
from tests.running.fleet import Fleet
from tests.running.operator import Operator
from tests.running.postgres import Database, PostgresServer, running_postgres
from tests.running.reachable import Reachable, Tally
from tests.speaking.conversation import Conversation
from tests.speaking.outside import DIRECT, INSIDE, Answers, Outside
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader
from tests.specification.facts import FACTS
from tests.specification.feature_files import read_features
from tests.specification.scenarios import template_of

pytest_plugins = [
    "tests.client.shared",
    "tests.running.isolation",
    "tests.specification.plugin",
    "tests.specification.titles",
    "tests.steps.answers",
    "tests.steps.approval",
    "tests.steps.archive",
    "tests.steps.batches",
    "tests.steps.board",
    "tests.steps.crowds",
    "tests.steps.decisions",
    "tests.steps.expiry",
    "tests.steps.explanations",
    "tests.steps.faults",
    "tests.steps.feed",
    "tests.steps.figures",
    "tests.steps.keys",
    "tests.steps.logs",
    "tests.steps.operators",
    "tests.steps.producers",
    "tests.steps.rates",
    "tests.steps.readers",
    "tests.steps.repeats",
    "tests.steps.resends",
    "tests.steps.servers",
    "tests.steps.service",
    "tests.steps.signals",
    "tests.steps.storage",
    "tests.steps.standbys",
    "tests.steps.streams",
    "tests.steps.telemetry",
]


FROM_OUTSIDE = ("board", "hostile", "live", "signers", "speaking", "test_features.py")
"""Folders and files whose tests meet the service as a process of its own: what this one goes through says nothing."""

SHARING = (*FROM_OUTSIDE, "specification", "test_embedded.py", "test_plans.py", "test_tls.py")
"""Folders and files whose tests share what takes long to start."""

OUTSIDE = pytest.StashKey[Outside]()
FAILURE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Make each criterion a marker: `pytest -m AC-07` runs it. Meet the deployment of SIGNALS_BASE_URL, if there is."""
    for feature in read_features():
        config.addinivalue_line("markers", f"{feature.tag}: {feature.title}")
    if BASE_URL:
        outside = config.stash[OUTSIDE] = Outside(BASE_URL)
        config.add_cleanup(outside.close)
        outside.meet(confirmed=os.environ.get("CONFIRM") == "1")


def pytest_sessionstart(session: pytest.Session) -> None:
    """The report is about the deployment, if there is one, and not about what lies here."""
    if OUTSIDE in session.config.stash:
        session.config.stash[FACTS].update(session.config.stash[OUTSIDE].facts)


# Before pytest-xdist looks for the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """From outside, skip what needs the inside of the service: the scenarios tagged so, and all other tests. Behind a
    proxy, skip what is the proxy's own."""
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
        if _place(item, FROM_OUTSIDE):
            item.add_marker(pytest.mark.no_cover)
    for item in items if OUTSIDE in config.stash else []:
        if item.path.name != "test_features.py" or item.get_closest_marker("inside"):
            item.add_marker(pytest.mark.skip(reason=INSIDE))
        elif BEHIND_PROXY and item.get_closest_marker("direct"):
            item.add_marker(pytest.mark.skip(reason=DIRECT))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what thousands of collected tests consist of, which stays to the end."""
    gc.collect()
    gc.freeze()


def _group(item: pytest.Item) -> str | None:
    """Which tests one process is to run, where several share the work: they use the same services."""
    template = template_of(item)
    return template.feature.name.partition(" ")[0] if template else _place(item, SHARING)


def _place(item: pytest.Item, places: Sequence[str]) -> str | None:
    return next((place for place in places if place in item.nodeid.partition("::")[0].split("/")), None)


def pytest_report_header() -> str:
    """Say how to draw the same hostile inputs again."""
    return f"HOSTILE_SEED={SEED}"


def pytest_bdd_before_step(step_func: Callable[..., object]) -> None:
    """pytest-bdd calls an `async def` step without awaiting it, so that it would pass whatever it says."""
    assert not inspect.iscoroutinefunction(step_func), f"{step_func.__name__} is a coroutine function"


def pytest_bdd_step_error(request: pytest.FixtureRequest, step: Step, exception: Exception) -> None:
    """Keep what there is to say about a sentence that does not hold; other errors keep their traceback."""
    if step.type == "then" or isinstance(exception, AssertionError):
        request.node.stash[FAILURE] = describe(request, f"{step.keyword} {step.name}", exception)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a scenario that failed by what was said, without the way through the code of the tests."""
    report = yield
    if report.when == "call" and FAILURE in item.stash:
        report.longrepr = item.stash[FAILURE]
    return report


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread of its own, for whatever the tests do asynchronously."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A PostgreSQL to be copied, with the service's tables; made once."""
    with tempfile.TemporaryDirectory(prefix="signals-template-") as folder:
        yield make_template(Path(folder))


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
    postgres.drop(database)


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[Database]:
    """A new database with nothing in it."""
    database = postgres.create(tables=False)
    yield database
    postgres.drop(database)


@pytest.fixture(scope="session")
def shared_database(postgres: PostgresServer) -> Iterator[Database]:
    """A database with the tables of the service, for tests that do not care what else is in them."""
    database = postgres.create()
    yield database
    postgres.drop(database)


@pytest.fixture(scope="session")
def fleet(postgres: PostgresServer) -> Iterator[Fleet]:
    """The services that scenarios share."""
    fleet = Fleet(postgres)
    yield fleet
    fleet.retire()


@pytest.fixture
def deployment(request: pytest.FixtureRequest) -> Reachable:
    """The service of this scenario."""
    outside = request.config.stash.get(OUTSIDE, None)
    return outside or request.getfixturevalue("inside")


@pytest.fixture
def inside(request: pytest.FixtureRequest, portal: BlockingPortal) -> Iterator[Deployment]:
    """The same, with its log, its database, its clock, its settings and its faults: what it takes to be `@inside`."""
    assert OUTSIDE not in request.config.stash, "this scenario has to be tagged @inside"
    deployment = Deployment(request.getfixturevalue("fleet"), portal)
    yield deployment
    deployment.close()


@pytest.fixture
def conversation(deployment: Reachable, portal: BlockingPortal) -> Conversation:
    """All that this scenario says to the service."""
    return Conversation(deployment, portal)


@pytest.fixture
def producer(deployment: Reachable, conversation: Conversation) -> Producer:
    """The producer in this scenario."""
    return Producer(deployment, conversation)


@pytest.fixture
def reader(conversation: Conversation) -> Reader:
    """The reader in this scenario."""
    return Reader(conversation)


@pytest.fixture
def operator(inside: Deployment) -> Operator:
    """The operator of this scenario's service."""
    return Operator(inside)


@pytest.fixture
def tally(request: pytest.FixtureRequest, conversation: Conversation) -> Tally:
    """How many signals this scenario has stored, in the database or else by the answers."""
    outside = request.config.stash.get(OUTSIDE, None)
    return Answers(outside, conversation) if outside else request.getfixturevalue("storage")


@pytest.fixture
def storage(inside: Deployment, conversation: Conversation) -> Storage:
    """The signals in the database of this scenario's service."""
    return Storage(inside, conversation)


@pytest.fixture
def log(inside: Deployment, conversation: Conversation) -> Log:
    """What this scenario's service has logged."""
    return Log(inside, conversation)


@pytest.fixture
def figures(inside: Deployment) -> Figures:
    """The metrics of this scenario's service."""
    return Figures(inside)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """A browser for this test process."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def board(browser: Chrome, inside: Deployment, portal: BlockingPortal) -> Iterator[Board]:
    """The board of this scenario's service in a tab of its own, which has to have nothing to complain of."""
    [first] = browser.window_handles
    browser.switch_to.new_window("tab")
    board = Board(browser, inside, portal)
    with board.linked():
        yield board
        complaints = board.complaints()
        for tab in set(browser.window_handles) - {first}:
            browser.switch_to.window(tab)
            browser.close()
        browser.switch_to.window(first)
    assert complaints == []
