"""The sentences of the feature files, and the step definitions that give them a meaning."""

from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from tests.specification.feature_files import FeatureFile

_KINDS = {"Context": "given", "Action": "when", "Outcome": "then"}


def step_definitions() -> list[StepFunctionContext]:
    """All sentences that the step modules define."""
    everywhere = list(step_function_context_registry.values())
    return [step for step in everywhere if step.step_func.__module__.startswith("tests.steps.")]


def sentences(*files: FeatureFile) -> set[tuple[str, str]]:
    """Every sentence of the feature files as it is run, with its kind: given, when or then."""
    pickles = [pickle for file in files for pickle in file.pickles]
    return {(_KINDS[step["type"]], step["text"]) for pickle in pickles for step in pickle["steps"]}


def defines(step: StepFunctionContext, kind: str, sentence: str) -> bool:
    """Whether a step definition is meant by a sentence."""
    return step.type in {None, kind} and step.parser.is_matching(sentence)
