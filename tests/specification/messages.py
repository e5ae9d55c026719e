"""A run of the scenarios as Cucumber Messages, https://github.com/cucumber/messages."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version

import cucumber_messages as cucumber
from cucumber_messages import message_converter

from tests.specification.documents import Documents, Message
from tests.specification.recording import ScenarioRecord, StepRecord

_SECOND = 10**9


@dataclass
class Run:
    """A run of the tests: when it began and ended (nanoseconds since 1970), and what it noted."""

    started: int
    finished: int = 0
    success: bool = False
    records: list[ScenarioRecord] = field(default_factory=list)


class MessageStream:
    """The envelopes of one run: the features, then the scenarios that were run, in the order of the features.

    A scenario that was not run is a pickle without a test case.
    """

    def __init__(self, documents: Documents, run: Run) -> None:
        self._documents = documents
        self._run = run
        self._id = documents.next_id
        self._run_id = self._id()
        self._before, self._after = self._id(), self._id()

    def messages(self) -> Iterator[Message]:
        """All of them, as JSON has them."""
        yield _json(meta=_meta())
        yield from self._documents.messages
        yield _json(hook=_hook(self._before, cucumber.HookType.before_test_case, "what the scenario needs"))
        yield _json(hook=_hook(self._after, cucumber.HookType.after_test_case, "what the scenario leaves"))
        started = cucumber.TestRunStarted(id=self._run_id, timestamp=_timestamp(self._run.started))
        yield _json(test_run_started=started)
        records = {self._documents.place_in(record): record for record in self._run.records}
        for pickle in self._documents.pickles:
            record = records.get(self._documents.place_of(pickle))
            if record is not None:
                yield from self._scenario(pickle, record)
        finished = cucumber.TestRunFinished(self._run.success, _timestamp(self._run.finished), None, None, self._run_id)
        yield _json(test_run_finished=finished)

    def _scenario(self, pickle: Message, record: ScenarioRecord) -> Iterator[Message]:
        case, attempt = self._id(), self._id()
        steps = list(self._steps(pickle, record))
        yield _json(test_case=cucumber.TestCase(case, pickle["id"], [step for step, _ in steps], self._run_id))
        started = cucumber.TestCaseStarted(0, attempt, case, _timestamp(record["started"]))
        yield _json(test_case_started=started)
        for step, result in steps:
            begun = cucumber.TestStepStarted(attempt, step.id, _timestamp(result["started"]))
            yield _json(test_step_started=begun)
            ended = cucumber.TestStepFinished(attempt, step.id, _result(result), _timestamp(result["finished"]))
            yield _json(test_step_finished=ended)
        finished = cucumber.TestCaseFinished(attempt, _timestamp(record["finished"]), will_be_retried=False)
        yield _json(test_case_finished=finished)

    def _steps(self, pickle: Message, record: ScenarioRecord) -> Iterator[tuple[cucumber.TestStep, StepRecord]]:
        if record["before"]:
            yield cucumber.TestStep(self._id(), hook_id=self._before), record["before"]
        for number, step in enumerate(pickle["steps"]):
            reached = number < len(record["steps"])
            result = record["steps"][number] if reached else _not_reached(record)
            yield cucumber.TestStep(self._id(), pickle_step_id=step["id"]), result
        if record["after"]:
            yield cucumber.TestStep(self._id(), hook_id=self._after), record["after"]


def _not_reached(record: ScenarioRecord) -> StepRecord:
    ended = record["steps"][-1]["finished"] if record["steps"] else record["finished"]
    return StepRecord(status="SKIPPED", started=ended, finished=ended, message=None)


def _json(**content: object) -> Message:
    message: Message = message_converter.to_dict(cucumber.Envelope(**content))
    return message


def _meta() -> cucumber.Meta:
    return cucumber.Meta(
        protocol_version=version("cucumber-messages"),
        implementation=cucumber.Product("pytest-bdd", version("pytest-bdd")),
        runtime=cucumber.Product(platform.python_implementation(), platform.python_version()),
        os=cucumber.Product(platform.system(), platform.release()),
        cpu=cucumber.Product(platform.machine()),
    )


def _hook(identifier: str, kind: cucumber.HookType, name: str) -> cucumber.Hook:
    return cucumber.Hook(identifier, cucumber.SourceReference(uri="tests/conftest.py"), name, type=kind)


def _timestamp(instant: int) -> cucumber.Timestamp:
    return cucumber.Timestamp(seconds=instant // _SECOND, nanos=instant % _SECOND)


def _result(step: StepRecord) -> cucumber.TestStepResult:
    elapsed = step["finished"] - step["started"]
    return cucumber.TestStepResult(
        duration=cucumber.Duration(seconds=elapsed // _SECOND, nanos=elapsed % _SECOND),
        status=cucumber.TestStepResultStatus(step["status"]),
        message=step["message"],
    )
