"""What one test process notes about the scenarios that it runs.

A record travels on the last report of its test, so that pytest-xdist brings it to the process that writes.
"""

import time
import traceback
from collections.abc import Generator
from typing import TypedDict

import pytest

from tests.specification.scenarios import row_of, template_of


class StepRecord(TypedDict):
    """One step, or what went before or after the steps. Times are nanoseconds since 1970."""

    status: str
    started: int
    finished: int
    message: str | None


class ScenarioRecord(TypedDict):
    """One scenario as it was run, of an outline the one of a row. Steps that were not reached are not listed.

    `before` and `after` are there when it was not a step that failed or was skipped.
    """

    feature: str
    line: int
    row: dict[str, str]
    started: int
    finished: int
    before: StepRecord | None
    steps: list[StepRecord]
    after: StepRecord | None


_RECORD = pytest.StashKey[ScenarioRecord]()

_OPEN = "UNKNOWN"
"""The status of a step that has begun and not ended."""


class Recorder:
    """A plugin of pytest that gives the last report of every scenario its record."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin a record when a test begins that is a scenario."""
        template = template_of(item)
        if template is not None:
            item.stash[_RECORD] = ScenarioRecord(
                feature=template.feature.filename,
                line=template.line_number,
                row=row_of(item),
                started=time.time_ns(),
                finished=0,
                before=None,
                steps=[],
                after=None,
            )
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_before_step(self, request: pytest.FixtureRequest) -> None:
        """Note that a step begins. First of all, since another plugin may refuse to run it."""
        now = time.time_ns()
        step = StepRecord(status=_OPEN, started=now, finished=now, message=None)
        request.node.stash[_RECORD]["steps"].append(step)

    def pytest_bdd_after_step(self, request: pytest.FixtureRequest) -> None:
        """Note that a step passed."""
        request.node.stash[_RECORD]["steps"][-1].update({"status": "PASSED", "finished": time.time_ns()})

    def pytest_bdd_step_func_lookup_error(self, request: pytest.FixtureRequest) -> None:
        """Note that nobody has said what a sentence means."""
        now = time.time_ns()
        step = StepRecord(status="UNDEFINED", started=now, finished=now, message=None)
        request.node.stash[_RECORD]["steps"].append(step)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a phase ended, the steps being the middle one of three."""
        report = yield
        record = item.stash.get(_RECORD, None)
        if record is not None:
            if call.excinfo is not None and not report.passed:
                _note(record, report, call.excinfo.value)
            if report.when == "teardown":
                record["finished"] = time.time_ns()
                report.scenario = record  # type: ignore[attr-defined]
        return report


def _note(record: ScenarioRecord, report: pytest.TestReport, error: BaseException) -> None:
    ending = StepRecord(
        status="SKIPPED" if report.skipped else "FAILED",
        started=int(report.start * 1e9),
        finished=int(report.stop * 1e9),
        message=_told(error),
    )
    last = record["steps"][-1] if record["steps"] else None
    if report.when == "setup":
        record["before"] = ending
    elif last is not None and last["status"] == _OPEN:
        last.update({"status": ending["status"], "finished": ending["finished"], "message": ending["message"]})
    elif report.when == "teardown" or last is None or last["status"] != "UNDEFINED":
        record["after"] = ending


def _told(error: BaseException) -> str:
    """The error with its notes; of a skipped test the reason alone."""
    if isinstance(error, pytest.skip.Exception):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()
