"""The table of all runs, on the terminal and in the document."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reliability.run import Row, table


class Report:
    """A pytest plugin that keeps the lines that tests hand over under a name; `document` gets them, at the place of
    that name, when every test has passed."""

    def __init__(self, document: Path | None, name: str) -> None:
        if document is not None:
            around(document, name)  # before the runs, which take minutes
        self._document = document
        self._name = name
        self._rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over the lines of a test that has run, passed or not."""
        if report.when == "call":
            self._rows += [json.loads(str(value)) for name, value in report.user_properties if name == self._name]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        if self._rows:
            terminalreporter.section(self._name)
            terminalreporter.write_line(table(self._rows))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Put the table into the document."""
        if self._document is not None and exitstatus == 0 and self._rows:
            write(self._document, self._name, f"{_origin()}\n\n{table(self._rows)}")


def around(document: Path, name: str) -> tuple[str, str]:
    """What stands before and after the table in the document. Raises UsageError when it has no place for one."""
    begin, end = _marks(name)
    try:
        before, found, rest = document.read_text().partition(begin)
    except OSError as error:
        raise pytest.UsageError(f"--{name}-report: {document}: {error.strerror}") from None
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise pytest.UsageError(f"--{name}-report: {document} needs {begin} and {end}")
    return before, after


def write(document: Path, name: str, text: str) -> None:
    """Replace what stands between the two markers of the document."""
    before, after = around(document, name)
    begin, end = _marks(name)
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def _origin() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()}, {os.cpu_count()} cores for producers, service "
        f"and PostgreSQL together, Python {platform.python_version()}."
    )
