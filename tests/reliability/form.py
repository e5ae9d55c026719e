"""The two forms in which faults are tried: a short one, and a full one whose table stands in a document."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.reliability.report import Report
from tests.reliability.run import Row, table


@dataclass(frozen=True, slots=True)
class Form:
    """What a folder of tests is told on the command line: `--full-NAME`, `--NAME-seed`, `--NAME-report`. Under its
    name the table stands in the document."""

    name: str

    def add_options(self, parser: pytest.Parser, how_long: str) -> None:
        """Known where the folder is named on the command line; elsewhere the short form runs."""
        group = parser.getgroup(self.name)
        group.addoption(f"--full-{self.name}", action="store_true", help=f"the full numbers, about {how_long}")
        group.addoption(f"--{self.name}-seed", type=int, help="repeat the schedule of an earlier run")
        group.addoption(f"--{self.name}-report", type=Path, help="the document that gets the table of a full run")

    def collect(self, config: pytest.Config) -> None:
        """Collect the lines of all tests, wherever they run. Raises UsageError where a short form is to be reported."""
        document = config.getoption(f"--{self.name}-report", default=None)
        if document is not None and not self.is_full(config):
            raise pytest.UsageError(f"--{self.name}-report: only for --full-{self.name}")
        config.pluginmanager.register(Report(document, self.name))

    def is_full(self, config: pytest.Config) -> bool:
        """Whether the full numbers are asked for."""
        return bool(config.getoption(f"--full-{self.name}", default=False))

    def seed(self, config: pytest.Config) -> int:
        """The one that is asked for, or else a new one each time."""
        given = config.getoption(f"--{self.name}-seed", default=None)
        return random.SystemRandom().randrange(10**6) if given is None else int(given)

    def reporter(self, node: pytest.Item) -> Callable[[Row], None]:
        """Takes the lines of a test."""

        def report(row: Row) -> None:
            node.user_properties.append((self.name, json.dumps(row)))
            print(f"\n{table([row])}")

        return report
