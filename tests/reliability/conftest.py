"""Sizes, seeds and the table.

pytest tests/reliability --full-reliability --reliability-report docs/reliability.md
"""

import json
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.reliability.lab import Lab, laboratory
from tests.reliability.report import PROPERTY, Report
from tests.reliability.run import Row, table
from tests.reliability.standby import Pair


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named on the command line; elsewhere the short form runs."""
    group = parser.getgroup("reliability")
    group.addoption("--full-reliability", action="store_true", help="the full numbers, about ten minutes")
    group.addoption("--reliability-seed", type=int, help="repeat the schedule of an earlier run")
    group.addoption("--reliability-report", type=Path, help="the document that gets the table of a full run")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of all tests, wherever they run."""
    document = config.getoption("--reliability-report", default=None)
    if document is not None and not config.getoption("--full-reliability"):
        raise pytest.UsageError("--reliability-report: only for --full-reliability")
    config.pluginmanager.register(Report(document))


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the producers must be as fast as that of the service."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def lab(request: pytest.FixtureRequest, template: Path) -> Iterator[Lab]:
    """A lab of this test's own. Its seed is new each time unless one is asked for."""
    given = request.config.getoption("--reliability-seed", default=None)
    seed = random.SystemRandom().randrange(10**6) if given is None else int(given)

    def report(row: Row) -> None:
        request.node.user_properties.append((PROPERTY, json.dumps(row)))
        print(f"\n{table([row])}")

    full = bool(request.config.getoption("--full-reliability", default=False))
    with laboratory(template, seed, report, full=full) as ready:
        yield ready


@pytest.fixture
async def pair(lab: Lab, template: Path) -> AsyncIterator[Pair]:
    """A primary that waits for its standby."""
    pair = Pair(template, await lab.postgresql())
    try:
        await pair.begin()
        yield pair
    finally:
        pair.standby.end()
