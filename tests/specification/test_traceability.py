"""Criteria, feature files and scenarios that ran are the same set, and no example passes without saying anything.

Guards against what pytest-bdd lets pass in silence: examples of the same name replace each other, an example without
steps is green, an `async def` step is never awaited, a feature that nobody binds does not run.
"""

import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.running.environment import ROOT
from tests.running.pytest_run import run_pytest
from tests.specification.feature_files import FEATURES, FeatureFile, read_features
from tests.specification.sentences import defines, sentences, step_definitions

ACCEPTANCE = ROOT / "docs" / "acceptance.md"

FILES = read_features()
CRITERION = re.compile(r"^\| (AC-\d\d) \| ([^|]+) \| [^|]+ \| \[[^]]+\]\(([^)]+)\) \|$", re.MULTILINE)

every_feature = pytest.mark.parametrize("file", FILES, ids=[file.path.stem for file in FILES])


def repeated(names: list[str]) -> list[str]:
    """The names that stand in the list more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def test_every_criterion_has_exactly_one_feature_and_back() -> None:
    rows = CRITERION.findall(ACCEPTANCE.read_text(encoding="utf-8"))
    promised = [(number, title, (ACCEPTANCE.parent / link).resolve()) for number, title, link in rows]
    assert promised == [(file.tag, file.title, file.path) for file in FILES]


def test_criteria_are_numbered_without_a_gap() -> None:
    tags = [file.tag for file in FILES]
    assert tags == [f"AC-{number:02}" for number in range(1, len(tags) + 1)]


@every_feature
def test_file_tag_and_title_have_the_same_number(file: FeatureFile) -> None:
    number = file.tag.removeprefix("AC-")
    assert file.feature["name"].startswith(f"{file.tag} ")
    words = re.sub(r"\W+", "_", file.title.lower()).strip("_")
    assert file.path.name.startswith(f"ac_{number}_")
    assert words.startswith(file.path.stem.removeprefix(f"ac_{number}_"))


@every_feature
def test_a_feature_says_who_needs_it(file: FeatureFile) -> None:
    assert file.feature["description"].strip()


@every_feature
def test_names_of_examples_are_unique(file: FeatureFile) -> None:
    assert not repeated([example["name"] for example in file.examples])


@every_feature
def test_rows_of_an_outline_can_be_told_apart(file: FeatureFile) -> None:
    for example in file.examples:
        rows = [
            str([cell["value"] for cell in row["cells"]]) for table in example["examples"] for row in table["tableBody"]
        ]
        assert not repeated(rows), example["name"]
        assert len(rows) != 1, f"{example['name']}: an outline of one row"
        assert all(table["name"] for table in example["examples"]), example["name"]


@every_feature
def test_every_example_acts_once_and_then_looks(file: FeatureFile) -> None:
    for pickle in file.pickles:
        kinds = "".join(step["type"][0] for step in pickle["steps"])
        assert re.fullmatch("C*AO+", kinds), pickle["name"]


def test_every_sentence_has_exactly_one_meaning() -> None:
    definitions = step_definitions()
    meanings = {pair: sum(defines(step, *pair) for step in definitions) for pair in sentences(*FILES)}
    assert not {pair: count for pair, count in meanings.items() if count != 1}


def test_every_step_definition_is_used() -> None:
    said = sentences(*FILES)
    unused = [step.parser.name for step in step_definitions() if not any(defines(step, *pair) for pair in said)]
    assert not unused


def test_no_step_is_a_coroutine_function() -> None:
    assert not [step.parser.name for step in step_definitions() if inspect.iscoroutinefunction(step.step_func)]


def test_as_many_scenarios_are_collected_as_the_gherkin_parser_counts() -> None:
    run = run_pytest({}, "--collect-only", "-q", "tests/test_features.py")
    collected = re.findall(r"^tests/test_features\.py::", run.stdout, re.MULTILINE)
    assert len(collected) == sum(len(file.pickles) for file in FILES)


def test_every_feature_file_is_where_the_scenarios_are_bound() -> None:
    strays = [
        path for path in Path(ROOT).glob("*/**/*.feature") if path.parent != FEATURES and ".venv" not in path.parts
    ]
    assert not strays


def test_every_criterion_is_a_marker_with_its_title(pytestconfig: pytest.Config) -> None:
    markers = pytestconfig.getini("markers")
    assert {f"{file.tag}: {file.title}" for file in FILES} <= set(markers)
