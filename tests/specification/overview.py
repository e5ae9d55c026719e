"""What stands before the report: each criterion with its result, the totals, and what was run when and on what."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Self

from tests.specification.documents import Message


class Result(IntEnum):
    """How a scenario ended. Of several the greatest counts."""

    PASSED = 0
    SKIPPED = 1
    NEVER_RUN = 2
    UNDEFINED = 3
    FAILED = 4

    @property
    def word(self) -> str:
        """As a reader reads it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Criterion:
    """One feature, with as many results as it has examples."""

    name: str
    results: Counter[Result]

    @property
    def result(self) -> Result:
        """The result of the whole: that of its worst example. A feature without examples was never run."""
        return max(self.results, default=Result.NEVER_RUN)

    @property
    def examples(self) -> int:
        """How many examples it has, each row of a table being one."""
        return self.results.total()


@dataclass
class Overview:
    """The criteria in the order of the features, and the reasons for which examples were skipped."""

    began: datetime
    took: timedelta
    criteria: list[Criterion] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, messages: Iterable[Message]) -> Self:
        """What a stream of messages tells."""
        stream = _Stream(messages)
        overview = cls(stream.started, stream.finished - stream.started)
        results = {pickle: stream.result(pickle) for pickle in stream.pickles}
        for document in stream.features:
            own = [pickle for pickle, uri in stream.pickles.items() if uri == document["uri"]]
            overview.criteria.append(Criterion(document["feature"]["name"], Counter(results[each] for each in own)))
        overview.reasons.update(stream.reason(pickle) for pickle, result in results.items() if result is Result.SKIPPED)
        return overview

    @property
    def results(self) -> Counter[Result]:
        """The results of all examples of all criteria."""
        return sum((criterion.results for criterion in self.criteria), Counter())

    @property
    def worst(self) -> Result:
        """The result of the worst example of all."""
        return max(self.results, default=Result.NEVER_RUN)

    @property
    def verdict(self) -> str:
        """The whole in one sentence."""
        broken = sum(criterion.result >= Result.UNDEFINED for criterion in self.criteria)
        if broken:
            return f"{broken} of {len(self.criteria)} criteria {'does' if broken == 1 else 'do'} not hold."
        passed = sum(criterion.result is Result.PASSED for criterion in self.criteria)
        if passed < len(self.criteria):
            return f"{passed} of {len(self.criteria)} criteria hold; of the others not every example was run."
        return f"All {passed} criteria hold."


class _Stream:
    """Messages, and what was found out about each pickle."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.features: list[Message] = []
        self.pickles: dict[str, str] = {}
        self._steps: dict[str, list[Message]] = {}
        cases: dict[str, str] = {}
        for message in messages:
            [(kind, content)] = message.items()
            match kind:
                case "gherkinDocument" if content.get("feature"):
                    self.features.append(content)
                case "pickle":
                    self.pickles[content["id"]] = content["uri"]
                case "testCase":
                    cases[content["id"]] = content["pickleId"]
                case "testCaseStarted":
                    cases[content["id"]] = cases[content["testCaseId"]]
                    self._steps[cases[content["id"]]] = []
                case "testStepFinished":
                    self._steps[cases[content["testCaseStartedId"]]].append(content["testStepResult"])
                case "testRunStarted":
                    self.started = _instant(content["timestamp"])
                case "testRunFinished":
                    self.finished = _instant(content["timestamp"])

    def result(self, pickle: str) -> Result:
        """How a scenario ended. One that has no steps says nothing, so it is undefined."""
        if pickle not in self._steps:
            return Result.NEVER_RUN
        return max((Result[step["status"]] for step in self._steps[pickle]), default=Result.UNDEFINED)

    def reason(self, pickle: str) -> str:
        """Why a scenario was skipped."""
        return next((step["message"] for step in self._steps[pickle] if "message" in step), "no reason given")


def _instant(timestamp: Message) -> datetime:
    return datetime.fromtimestamp(timestamp["seconds"], UTC)
