"""`pytest --specification DIRECTORY` writes there what the scenarios of this run tell.

`specification.html` is for people, `messages.ndjson` and `facts.json` are for tools. It works alike with pytest-xdist
and without.
"""

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.specification.documents import Documents
from tests.specification.facts import FACTS, first_facts
from tests.specification.messages import MessageStream, Run
from tests.specification.names import namings
from tests.specification.page import page
from tests.specification.recording import Recorder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--specification", metavar="DIRECTORY", type=Path, help="write the living specification there")


def pytest_configure(config: pytest.Config) -> None:
    """Record in every process, write in the one that has no other above it."""
    config.stash[FACTS] = {}
    directory: Path | None = config.getoption("--specification")
    if directory is None:
        return
    config.stash[FACTS].update(first_facts())
    config.pluginmanager.register(Recorder())
    config.pluginmanager.register(_Reporter(config) if hasattr(config, "workerinput") else _Writer(config, directory))


class _Reporter:
    """In a worker of pytest-xdist: gives its facts to the process above."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_sessionfinish(self) -> None:
        self._config.workeroutput["facts"] = self._config.stash[FACTS]  # type: ignore[attr-defined]


class _Writer:
    """Collects the records of all processes, and writes the files at the end."""

    def __init__(self, config: pytest.Config, directory: Path) -> None:
        self._config = config
        self._directory = config.invocation_params.dir / directory
        self._run = Run(time.time_ns())
        self._faults: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._faults.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "scenario"):
            self._run.records.append(report.scenario)
        elif report.when not in {"setup", "call", "teardown"}:
            self._faults.append(f"{report.nodeid}: {report.longreprtext}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._config.stash[FACTS].update(getattr(node, "workeroutput", {}).get("facts", {}))

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, None, None]:
        # The workers of pytest-xdist end, and give their facts, within the same hook.
        yield
        self._run.finished, self._run.success = time.time_ns(), exitstatus == pytest.ExitCode.OK
        root = self._config.rootpath
        documents = Documents(root / self._config.getini("bdd_features_base_dir"), root)
        messages = list(MessageStream(documents, self._run).messages())
        self._directory.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in messages)
        (self._directory / "messages.ndjson").write_text(lines, encoding="utf-8")
        facts = self._config.stash[FACTS]
        (self._directory / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
        text = page(messages, facts, self._faults, namings())
        (self._directory / "specification.html").write_text(text, encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(f"specification: {self._directory / 'specification.html'}")
