"""The table of all runs, on the terminal and in the document."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.documents.section import replace_section
from tests.reliability.run import Row, table


class Report:
    """A pytest plugin that keeps the lines that tests hand over under a name; `document` gets them, at the place of
    that name, when every test has passed."""

    def __init__(self, document: Path | None, name: str) -> None:
        if document is not None:
            with_table(document, name, "")  # before the runs, which take minutes
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
            text = f"{_origin()}\n\n{table(self._rows)}"
            self._document.write_text(with_table(self._document, self._name, text))


def with_table(document: Path, name: str, text: str) -> str:
    """The document with the table at its place. Raises UsageError when it has no place for one."""
    try:
        return replace_section(document.read_text(), name, text)
    except OSError as error:
        raise pytest.UsageError(f"--{name}-report: {document}: {error.strerror}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--{name}-report: {document}: {error}") from None


def _origin() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.system()}, {os.cpu_count()} cores for producers, service "
        f"and PostgreSQL together, Python {platform.python_version()}."
    )
