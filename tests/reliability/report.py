"""The table of all runs, on the terminal and in the document."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reliability.run import Row, table

PROPERTY = "reliability"
"""Under this name a test hands its line over; it reaches the main process from the others too."""

BEGIN, END = "<!-- reliability:begin -->", "<!-- reliability:end -->"


class Report:
    """A pytest plugin that keeps the lines of all tests; `document` gets them when every test has passed."""

    def __init__(self, document: Path | None) -> None:
        self._document = document
        self._rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over the lines of a test that has run, passed or not."""
        if report.when == "call":
            self._rows += [json.loads(str(value)) for name, value in report.user_properties if name == PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        if self._rows:
            terminalreporter.section("reliability")
            terminalreporter.write_line(table(self._rows))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Put the table into the document."""
        if self._document is not None and exitstatus == 0 and self._rows:
            write(self._document, f"{_origin()}\n\n{table(self._rows)}")


def write(document: Path, text: str) -> None:
    """Replace what stands between the two markers of the document."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{document.name} has no {BEGIN}"
    assert end, f"{document.name} has no {END}"
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _origin() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()}, {os.cpu_count()} cores for producers, service "
        f"and PostgreSQL together, Python {platform.python_version()}."
    )
