"""What an expression in PromQL says of metrics: names, labels and values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

OF_PROMETHEUS = {"job", "instance", "le"}
"""Labels that every series has, or that a histogram has."""

_SELECTOR = re.compile(r"\b((?:signals|http)_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*=\s*"([^"]*)"')
_GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")

Series = list[tuple[str, Mapping[str, str], float]]


@dataclass(frozen=True)
class Selector:
    """The series of a metric that have these values of labels."""

    name: str
    labels: Mapping[str, str]

    def found(self, series: Series) -> list[float]:
        """The values of those that there are."""
        return [value for name, labels, value in series if name == self.name and self.labels.items() <= labels.items()]


def selectors(expression: str) -> Iterator[Selector]:
    """All selectors of metrics of the service."""
    for name, matchers in _SELECTOR.findall(expression):
        yield Selector(name, dict(_MATCHER.findall(matchers)))


def grouping_labels(expression: str) -> set[str]:
    """The labels by which it is grouped, but for those that every series has."""
    groups = _GROUPING.findall(expression)
    return {label.strip() for group in groups for label in group.split(",")} - OF_PROMETHEUS


def parse(text: str) -> Series:
    """What a service shows to Prometheus."""
    families = text_string_to_metric_families(text)
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]
