"""The scenario that a test runs, as the feature file has it."""

import pytest
from pytest_bdd.parser import ScenarioTemplate
from pytest_bdd.scenario import scenario_wrapper_template_registry


def template_of(item: pytest.Item) -> ScenarioTemplate | None:
    """The scenario that a test runs; None when it runs none."""
    return scenario_wrapper_template_registry.get(item.function) if isinstance(item, pytest.Function) else None


def row_of(item: pytest.Item) -> dict[str, str]:
    """The cells of the row of an outline, which pytest-bdd gives as a parameter."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    row: dict[str, str] = parameters.get("_pytest_bdd_example", {})
    return row


def title(item: pytest.Item) -> str | None:
    """The name of a scenario, `AC-07 Payload size limit: A payload above the limit [65536]`; None for other tests."""
    template = template_of(item)
    if template is None:
        return None
    row = ", ".join(row_of(item).values())
    return f"{template.feature.name}: {template.name}" + (f" [{row}]" if row else "")
