"""The tag `@inside` says the truth: a scenario has it exactly when one of its sentences needs the inside."""

import inspect

import pytest

from tests.specification.feature_files import FeatureFile, read_features
from tests.specification.sentences import defines, sentences, step_definitions

FILES = read_features()
INSIDE = {"inside", "operator", "storage", "log", "figures", "board"}
"""The fixtures that reach into a service."""


def insights(file: FeatureFile) -> set[str]:
    """The sentences of a feature file that ask for one of these fixtures."""
    inward = [step for step in step_definitions() if INSIDE & inspect.signature(step.step_func).parameters.keys()]
    return {text for kind, text in sentences(file) if any(defines(step, kind, text) for step in inward)}


@pytest.mark.parametrize("file", FILES, ids=[file.path.stem for file in FILES])
def test_exactly_the_scenarios_that_need_the_inside_are_tagged(file: FeatureFile) -> None:
    needed = insights(file)
    for pickle in file.pickles:
        reasons = [step["text"] for step in pickle["steps"] if step["text"] in needed]
        tagged = "@inside" in {tag["name"] for tag in pickle["tags"]}
        assert tagged == bool(reasons), f"{pickle['name']}: {reasons or 'nothing in it needs the inside'}"
