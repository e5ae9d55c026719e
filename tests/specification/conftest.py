"""Small runs of pytest on a folder of features in which everything happens that can happen to a scenario."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running.pytest_run import run_pytest
from tests.specification.documents import Message
from tests.specification.overview import Overview

FEATURES = {
    "ac_01_all_is_well.feature": """
        @AC-01
        Feature: AC-01 All is well
          Somebody needs it.

          Rule: Words are written </script><b>as they are</b>

            Example: A plain one
              When it works
              Then it works

            Scenario Outline: A table
              When it works
              Then <word> is said
                | with | a table |

              Examples: Some
                | word  |
                | one   |
                | two   |

              Examples: More
                | word  |
                | three |
        """,
    "ac_02_what_can_happen.feature": """
        @AC-02
        Feature: AC-02 What can happen

          Example: A step fails
            When it works
            Then it fails
            And it works

          Example: A step is undefined
            When nobody knows what this means
            Then it works

          Example: A step skips
            When it skips
            Then it works

          @inside
          Example: It is skipped before it begins
            When it works
            Then it works

          Example: A step is refused by a guard
            When it is refused
            Then it works

          Example: It leaves a mess
            When it leaves a mess
            Then it works

          @broken
          Example: What it needs is not there
            When it works
            Then it works

          Scenario Outline: A row fails
            When it works
            Then <outcome>

            Examples: Two
              | outcome  |
              | it fails |
              | it works |

          Example: It says nothing
        """,
    "ac_03_half.feature": """
        @AC-03
        Feature: AC-03 Half
          @inside
          Example: Outside
            When it works
            Then it works

          Example: Inside
            When it works
            Then it works
        """,
    "ac_10_last.feature": """
        @AC-10
        Feature: AC-10 Last
          Example: One more
            When it works
            Then it works
        """,
}

CONFTEST = """
import os

import pytest
from pytest_bdd import parsers, then, when

from tests.specification.facts import FACTS


@pytest.fixture(scope="session", autouse=True)
def database(pytestconfig):
    pytestconfig.stash[FACTS]["Database"] = "PostgreSQL 18.4"


def pytest_bdd_before_step(step_func):
    if step_func.__name__ == "refused":
        raise AssertionError("guarded")


@pytest.fixture(autouse=True)
def needs(request):
    if request.node.get_closest_marker("broken"):
        raise ConnectionError("the server is away")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("inside"):
            item.add_marker(pytest.mark.skip(reason="needs the inside"))


@pytest.fixture
def mess():
    yield
    raise RuntimeError("the log complains")


@when("it works")
@then("it works")
def works(): ...


@then(parsers.parse("{word} is said"))
def said(word, datatable):
    assert datatable == [["with", "a table"]]


@then("it fails")
def fails():
    error = ValueError("5 is not 4")
    error.add_note("POST /api/v1/signals")
    raise error


@when("it skips")
def skips():
    pytest.skip("no such clock here")


@when("it is refused")
def refused(): ...


@when("it leaves a mess")
def leaves(mess): ...


@when("it dies")
def dies():
    os._exit(3)
"""


@dataclass(frozen=True)
class Told:
    """What a run wrote."""

    output: str
    messages: list[Message]
    page: str

    @property
    def overview(self) -> Overview:
        """The overview of its messages."""
        return Overview.of(self.messages)

    def of_kind(self, kind: str) -> list[Message]:
        """The contents of the messages of one kind."""
        return [message[kind] for message in self.messages if kind in message]

    def steps(self) -> dict[str, list[Message]]:
        """The results of the steps, and of what went before and after them, by the name of the scenario."""
        names = {pickle["id"]: pickle["name"] for pickle in self.of_kind("pickle")}
        cases = {case["id"]: names[case["pickleId"]] for case in self.of_kind("testCase")}
        attempts = {attempt["id"]: cases[attempt["testCaseId"]] for attempt in self.of_kind("testCaseStarted")}
        found: dict[str, list[Message]] = {name: [] for name in attempts.values()}
        for step in self.of_kind("testStepFinished"):
            found[attempts[step["testCaseStartedId"]]].append(step["testStepResult"])
        return found


def tell(directory: Path, features: Mapping[str, str], *arguments: str) -> Told:
    """Run the scenarios of these features in a folder of their own."""
    (directory / "features").mkdir()
    for name, text in features.items():
        (directory / "features" / name).write_text(text)
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_features.py").write_text("from pytest_bdd import scenarios\n\nscenarios('.')\n")
    (directory / "pytest.ini").write_text("[pytest]\nbdd_features_base_dir = features\n")
    plugins = ["-p", "xdist.plugin", "-p", "tests.specification.plugin", "-p", "no:cacheprovider"]
    ended = run_pytest({}, *plugins, "--specification=out", *arguments, folder=directory)
    lines = (directory / "out" / "messages.ndjson").read_text(encoding="utf-8").splitlines()
    page = (directory / "out" / "specification.html").read_text(encoding="utf-8")
    return Told(ended.stdout + ended.stderr, [json.loads(line) for line in lines], page)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What is told by two workers when AC-10 is left out."""
    return tell(tmp_path_factory.mktemp("told"), FEATURES, "-n2", "-mnot AC-10")
