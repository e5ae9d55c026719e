"""The messages tell what happened: to each scenario, in the order of the features, however many processes ran them.

Seen red: a failing step left open; what went before or after left out; the record on the report of the call; records in
the order of their arrival; a row found by the line of its outline; steps that were not reached left out; the recorder
behind a guard that refuses a step; notes lost; success always, or never; a field missing, a field too many.
"""

from pathlib import Path
from typing import Any

import pytest
from cucumber_messages import Envelope, message_converter

from tests.specification.conftest import FEATURES, Told, tell
from tests.specification.documents import Message


def without_times(content: Any) -> Any:
    """A message without what differs from run to run."""
    if isinstance(content, list):
        return [without_times(each) for each in content]
    if not isinstance(content, dict):
        return content
    return {key: without_times(value) for key, value in content.items() if key not in {"timestamp", "duration"}}


def results(told: Told, scenario: str) -> list[tuple[str, str]]:
    """The statuses of the steps of a scenario, with the first line of what is said about each."""
    return [(step["status"], step.get("message", "").partition("\n")[0]) for step in told.steps()[scenario]]


def test_every_message_is_valid(told: Told) -> None:
    for message in told.messages:
        assert message_converter.to_dict(message_converter.from_dict(message, Envelope)) == message


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("A plain one", [("PASSED", ""), ("PASSED", "")]),
        ("A step fails", [("PASSED", ""), ("FAILED", "ValueError: 5 is not 4"), ("SKIPPED", "")]),
        ("A step is undefined", [("UNDEFINED", ""), ("SKIPPED", "")]),
        ("A step skips", [("SKIPPED", "no such clock here"), ("SKIPPED", "")]),
        ("It is skipped before it begins", [("SKIPPED", "needs the inside"), ("SKIPPED", ""), ("SKIPPED", "")]),
        ("A step is refused by a guard", [("FAILED", "AssertionError: guarded"), ("SKIPPED", "")]),
        ("It leaves a mess", [("PASSED", ""), ("PASSED", ""), ("FAILED", "RuntimeError: the log complains")]),
        (
            "What it needs is not there",
            [("FAILED", "ConnectionError: the server is away"), ("SKIPPED", ""), ("SKIPPED", "")],
        ),
        ("A row fails", [("PASSED", ""), ("FAILED", "ValueError: 5 is not 4"), ("PASSED", ""), ("PASSED", "")]),
        ("It says nothing", []),
    ],
)
def test_each_scenario_is_told_as_what_it_was(told: Told, scenario: str, expected: list[tuple[str, str]]) -> None:
    assert results(told, scenario) == expected


def test_a_failure_is_told_with_its_notes(told: Told) -> None:
    assert "POST /api/v1/signals" in told.steps()["A step fails"][1]["message"]


def test_what_went_before_and_after_is_told_apart(told: Told) -> None:
    hooks = {hook["id"]: hook["type"] for hook in told.of_kind("hook")}
    names = {pickle["id"]: pickle["name"] for pickle in told.of_kind("pickle")}
    cases = {
        names[case["pickleId"]]: [hooks.get(step.get("hookId")) for step in case["testSteps"]]
        for case in told.of_kind("testCase")
    }
    assert cases["What it needs is not there"] == ["BEFORE_TEST_CASE", None, None]
    assert cases["It leaves a mess"] == [None, None, "AFTER_TEST_CASE"]


def test_a_scenario_that_was_never_run_has_no_test_case(told: Told) -> None:
    run = {case["pickleId"] for case in told.of_kind("testCase")}
    assert [pickle["name"] for pickle in told.of_kind("pickle") if pickle["id"] not in run] == ["One more"]


def test_every_row_of_an_outline_is_told_by_itself(told: Told) -> None:
    texts = {step["id"]: step["text"] for pickle in told.of_kind("pickle") for step in pickle["steps"]}
    said = [
        texts[step["pickleStepId"]]
        for case in told.of_kind("testCase")
        for step in case["testSteps"]
        if "pickleStepId" in step
    ]
    assert [text for text in said if text.endswith("is said")] == ["one is said", "two is said", "three is said"]


def test_all_is_told_in_the_order_of_the_features(told: Told) -> None:
    assert [document["feature"]["name"][:5] for document in told.of_kind("gherkinDocument")] == [
        "AC-01",
        "AC-02",
        "AC-03",
        "AC-10",
    ]
    run = [case["pickleId"] for case in told.of_kind("testCase")]
    assert run == [pickle["id"] for pickle in told.of_kind("pickle") if pickle["id"] in run]


def test_time_goes_forward(told: Told) -> None:
    def instant(timestamp: Message) -> tuple[int, int]:
        return timestamp["seconds"], timestamp["nanos"]

    [started], [finished] = told.of_kind("testRunStarted"), told.of_kind("testRunFinished")
    times = [instant(step["timestamp"]) for step in told.of_kind("testStepFinished")]
    assert instant(started["timestamp"]) < min(times) <= max(times) <= instant(finished["timestamp"])
    assert all(step["testStepResult"]["duration"]["seconds"] >= 0 for step in told.of_kind("testStepFinished"))


def test_a_run_with_failures_is_no_success(told: Told) -> None:
    assert [finished["success"] for finished in told.of_kind("testRunFinished")] == [False]


def test_the_number_of_processes_makes_no_difference(told: Told, tmp_path: Path) -> None:
    assert without_times(tell(tmp_path, FEATURES, "-n0", "-mnot AC-10").messages) == without_times(told.messages)
