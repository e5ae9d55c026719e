"""Scenarios by the names that people know: criterion, title and row, as they stand in the feature files.

`--scenario TEXT` runs the scenarios whose name holds this text, and the JUnit report calls each by its name. It works
alike with pytest-xdist and without.
"""

from collections.abc import Generator

import pytest
from _pytest.junitxml import xml_key

from tests.specification.scenarios import title


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--scenario", metavar="TEXT", action="append", help="run the scenarios whose names hold this text")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for."""
    wanted: list[str] | None = config.getoption("--scenario")
    if wanted is None:
        return
    chosen = [item for item in items if any(text in (title(item) or "") for text in wanted)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give each report of a scenario its name; pytest-xdist brings it along to the process that writes."""
    report = yield
    if name := title(item):
        report.title = name  # type: ignore[attr-defined]
    return report


class Namer:
    """In the process that writes the JUnit report: calls the scenarios by their names."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # What the fixture record_xml_attribute does, which cannot do it for the workers of pytest-xdist.
        if hasattr(report, "title"):
            self._config.stash[xml_key].node_reporter(report).add_attribute("name", report.title)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name the scenarios where a JUnit report is written."""
    if xml_key in config.stash:
        config.pluginmanager.register(Namer(config))
