"""The overview counts each example as what it was, and the page tells so before everything else.

Seen red: the best result of a criterion for its worst; an example without steps, or never run, counted as passed;
reasons left out; a process that dies, or tests that cannot be collected, told by nobody; `<` left in a message;
a feature called by its file; what was never run left out below; the facts of workers lost; an icon from elsewhere.
"""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service import __version__
from tests.specification.conftest import FEATURES, Told, tell
from tests.specification.names import Naming
from tests.specification.overview import Criterion, Overview, Result
from tests.specification.page import page

DYING = """
    @AC-01
    Feature: AC-01 Dying
      Example: The process dies
        When it dies
        Then it works
"""


def rows(html: str) -> dict[str, str]:
    """What the page says about each criterion, as a reader sees it."""
    table = html.partition('<table class="criteria">')[2].partition("</table>")[0]
    found = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    return {visible(name): visible(rest) for name, rest in found}


def visible(markup: str) -> str:
    """The words of a piece of HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def test_each_criterion_has_the_results_of_its_examples(told: Told) -> None:
    assert {criterion.name: criterion.results for criterion in told.overview.criteria} == {
        "AC-01 All is well": Counter({Result.PASSED: 4}),
        "AC-02 What can happen": Counter({Result.FAILED: 5, Result.UNDEFINED: 2, Result.SKIPPED: 2, Result.PASSED: 1}),
        "AC-03 Half": Counter({Result.PASSED: 1, Result.SKIPPED: 1}),
        "AC-10 Last": Counter({Result.NEVER_RUN: 1}),
    }


def test_a_criterion_is_as_good_as_its_worst_example(told: Told) -> None:
    assert [criterion.result for criterion in told.overview.criteria] == [
        Result.PASSED,
        Result.FAILED,
        Result.SKIPPED,
        Result.NEVER_RUN,
    ]
    assert told.overview.verdict == "1 of 4 criteria does not hold."


def test_reasons_are_counted(told: Told) -> None:
    assert told.overview.reasons == Counter({"needs the inside": 2, "no such clock here": 1})
    assert "needs the inside 2 no such clock here 1" in visible(told.page)


def test_the_page_shows_each_criterion_with_its_result(told: Told) -> None:
    assert rows(told.page) == {
        "AC-01 All is well": "4 passed",
        "AC-02 What can happen": "10 5 failed 2 undefined 2 skipped 1 passed",
        "AC-03 Half": "2 1 skipped 1 passed",
        "AC-10 Last": "1 never run",
    }


def test_the_page_says_what_was_run_on_what(told: Told) -> None:
    [facts] = re.findall("<dl>(.*?)</dl>", told.page, re.DOTALL)
    assert f"Version {__version__} Build " in visible(facts)
    assert visible(facts).endswith("Database PostgreSQL 18.4")
    assert re.search(r"Date of the run \d{4}-\d\d-\d\d \d\d:\d\d UTC", visible(facts))


def test_the_page_has_all_messages_and_calls_a_feature_by_its_name(told: Told) -> None:
    [literals] = re.findall(r"window\.CUCUMBER_MESSAGES = \[(.*?)\];\n</script>", told.page, re.DOTALL)
    shown = json.loads(f"[{literals}]".replace(r"\x3C", "<"))
    assert [message["gherkinDocument"]["uri"] for message in shown if "gherkinDocument" in message] == [
        "AC-01 All is well",
        "AC-02 What can happen",
        "AC-03 Half",
        "AC-10 Last",
    ]
    run = {message["testCase"]["pickleId"] for message in shown if "testCase" in message}
    assert run == {message["pickle"]["id"] for message in shown if "pickle" in message}
    unknown = [
        message
        for message in shown
        if message.get("testStepFinished", {}).get("testStepResult", {}).get("status") == "UNKNOWN"
    ]
    assert len(unknown) == 2


def test_the_page_shows_who_checks_each_name(told: Told) -> None:
    namings = [
        Naming("setting", "APP_SAID", ("AC-01", "AC-10"), ("test_app.py",)),
        Naming("metric", "lost", (), ()),
    ]
    names = page(told.messages, {}, [], namings).partition('<table class="names">')[2].partition("</table>")[0]
    assert "Setting APP_SAID AC-01, AC-10 test_app.py" in visible(names)
    assert "Metric lost named by none" in visible(names)


def test_no_words_of_a_feature_become_markup(told: Told) -> None:
    assert "</script><b>as they are" not in told.page
    assert told.page.count("</script>") == 3


def test_the_page_needs_nothing_else(told: Told) -> None:
    assert not re.findall(r'<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="(?!data:)', told.page)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1.0">' in told.page
    assert "<title>Signals: what it promises, and whether it holds</title>" in told.page


def test_when_all_was_run_and_passed_all_criteria_hold(tmp_path: Path) -> None:
    told = tell(tmp_path, {name: text for name, text in FEATURES.items() if "_01_" in name or "_10_" in name})
    assert told.overview.verdict == "All 2 criteria hold."
    assert [finished["success"] for finished in told.of_kind("testRunFinished")] == [True]


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([Result.PASSED, Result.NEVER_RUN], "1 of 2 criteria hold; of the others not every example was run."),
        ([Result.PASSED, Result.SKIPPED], "1 of 2 criteria hold; of the others not every example was run."),
        ([Result.UNDEFINED, Result.FAILED, Result.PASSED], "2 of 3 criteria do not hold."),
    ],
)
def test_the_verdict_hides_nothing(results: list[Result], verdict: str) -> None:
    criteria = [Criterion("AC-01 Some", Counter([result, Result.PASSED])) for result in results]
    assert Overview(datetime.now(UTC), timedelta(), criteria).verdict == verdict


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    told = tell(tmp_path, {"ac_01_dying.feature": DYING}, "-n", "1")
    assert told.overview.results == Counter({Result.NEVER_RUN: 1})
    assert "What went wrong outside the examples" in told.page
    assert "test_the_process_dies" in told.page


def test_tests_that_cannot_be_collected_are_told(tmp_path: Path) -> None:
    told = tell(tmp_path, {"ac_01_bad.feature": "Feature: AC-01\n  Nonsense:\n    Then x\n"})
    assert "What went wrong outside the examples" in told.page
