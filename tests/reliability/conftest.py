"""Sizes, seeds and the table.

pytest tests/reliability --full-reliability --reliability-report docs/reliability.md
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.reliability.form import Form
from tests.reliability.lab import Lab, laboratory
from tests.reliability.standby import Pair

FORM = Form("reliability")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How to ask for the full form."""
    FORM.add_options(parser, "ten minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of all tests."""
    FORM.collect(config)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop of the producers must be as fast as that of the service."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def lab(request: pytest.FixtureRequest, template: Path) -> Iterator[Lab]:
    """A lab of this test's own."""
    config, report = request.config, FORM.reporter(request.node)
    with laboratory(template, FORM.seed(config), report, full=FORM.is_full(config)) as ready:
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
