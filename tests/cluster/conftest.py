"""One cluster for all faults, their sizes and seeds, and the table.

pytest tests/cluster --full-cluster --cluster-report docs/reliability.md
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.layout import Layout
from tests.cluster.trial import Trial
from tests.reliability.lab import Schedule
from tests.reliability.report import PROPERTY, Report
from tests.reliability.run import Row, table
from tests.reliability.serving import SECRET
from tests.running import confidential

PLACE = "cluster"
SETTINGS = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET.decode()}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named on the command line; elsewhere the short form runs."""
    group = parser.getgroup("cluster")
    group.addoption("--full-cluster", action="store_true", help="the full numbers, about half an hour")
    group.addoption("--cluster-seed", type=int, help="repeat the schedule of an earlier run")
    group.addoption("--cluster-report", type=Path, help="the document that gets the table of a full run")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of all tests."""
    document = config.getoption("--cluster-report", default=None)
    if document is not None and not config.getoption("--full-cluster"):
        raise pytest.UsageError("--cluster-report: only for --full-cluster")
    config.pluginmanager.register(Report(document, PLACE))


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the producers must be as fast as that of the service."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster that takes signals. What must not be in a log is looked for at the end."""
    folder = Path(tempfile.mkdtemp(prefix="signals-cluster-"))
    folder.chmod(0o755)
    confidential.note_secret(SECRET)
    cluster = Cluster(Layout.new(folder), SETTINGS)
    try:
        asyncio.run(cluster.begin())
        yield cluster
        for log in folder.glob("service*/log"):
            confidential.check_text(log.read_bytes(), "the log")
    finally:
        asyncio.run(cluster.end())


@pytest.fixture
def trial(request: pytest.FixtureRequest, cluster: Cluster) -> Trial:
    """A trial of this test's own. Its seed is new each time unless one is asked for."""
    given = request.config.getoption("--cluster-seed", default=None)
    seed = random.SystemRandom().randrange(10**6) if given is None else int(given)
    full = bool(request.config.getoption("--full-cluster", default=False))

    def report(row: Row) -> None:
        request.node.user_properties.append((PROPERTY, json.dumps(row)))
        print(f"\n{table([row])}")

    return Trial(cluster, Schedule(seed, full=full), report)
