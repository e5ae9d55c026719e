"""One cluster for all faults, their sizes and seeds, and the table.

pytest tests/cluster --full-cluster --cluster-report docs/reliability.md
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.layout import Layout
from tests.cluster.trial import Trial
from tests.reliability.form import Form
from tests.reliability.lab import Schedule
from tests.reliability.serving import SECRET
from tests.running import confidential

FORM = Form("cluster")
SETTINGS = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET.decode()}


def pytest_addoption(parser: pytest.Parser) -> None:
    """How to ask for the full form."""
    FORM.add_options(parser, "half an hour")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of all tests."""
    FORM.collect(config)


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
    """A trial of this test's own."""
    config, report = request.config, FORM.reporter(request.node)
    return Trial(cluster, Schedule(FORM.seed(config), full=FORM.is_full(config)), report)
