"""Scenarios are reported, and can be run, by the names that stand in the feature files."""

import re
from pathlib import Path
from xml.etree import ElementTree

from tests.running.environment import ROOT
from tests.specification.conftest import FEATURES, tell
from tests.specification.feature_files import read_features

ALL_IS_WELL = {
    "AC-01 All is well: A plain one",
    "AC-01 All is well: A table [one]",
    "AC-01 All is well: A table [two]",
    "AC-01 All is well: A table [three]",
}


def reported(directory: Path, *arguments: str) -> dict[str, str]:
    """The names of the cases in the JUnit report of a small run, and how each ended."""
    tell(directory, FEATURES, "-ptests.specification.titles", "--junitxml=report.xml", *arguments)
    cases = ElementTree.parse(directory / "report.xml").iter("testcase")  # noqa: S314 - we have written it
    return {str(case.get("name")): next((end.tag for end in case), "passed") for case in cases}


def test_a_report_names_criterion_title_and_row(tmp_path: Path) -> None:
    cases = reported(tmp_path)
    assert cases.keys() > ALL_IS_WELL
    assert cases["AC-02 What can happen: A step fails"] == "failure"
    assert cases["AC-02 What can happen: A step skips"] == "skipped"
    assert cases["AC-02 What can happen: It leaves a mess"] == "error"
    assert all(name.startswith("AC-") for name in cases)


def test_a_part_of_a_name_runs_the_scenarios_that_have_it_in_workers_too(tmp_path: Path) -> None:
    chosen = ["--scenario=AC-01 All is well: A table [two]", "--scenario=One more", "--scenario=no such scenario"]
    cases = reported(tmp_path, "-n1", *chosen)
    assert cases.keys() == {"AC-01 All is well: A table [two]", "AC-10 Last: One more"}


def test_what_the_manual_runs_is_there() -> None:
    manual = (ROOT / "docs" / "qa.md").read_text(encoding="utf-8")
    texts = re.findall(r'--scenario "([^"]+)"', manual)
    names = [f"{file.tag} {file.title}: {pickle['name']}" for file in read_features() for pickle in file.pickles]
    assert len(texts) >= 3
    for text in texts:
        assert any(text.partition(" [")[0] in name for name in names), text
