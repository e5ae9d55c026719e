"""The feature files as the official Gherkin parser reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gherkin.parser import Parser
from gherkin.parser_types import Feature, Scenario
from gherkin.pickles.compiler import Compiler, GherkinDocumentWithURI, Pickle

from tests.running.environment import ROOT

FEATURES = ROOT / "features"


@dataclass(frozen=True)
class FeatureFile:
    """One criterion: its file, its examples, and the scenarios that they become, one for each row of an outline."""

    path: Path
    feature: Feature
    examples: list[Scenario]
    pickles: list[Pickle]

    @property
    def tag(self) -> str:
        """The number of the criterion, as tag: `AC-07`."""
        [tag] = [tag for tag in self.feature["tags"] if tag["name"].startswith("@AC-")]
        return tag["name"].removeprefix("@")

    @property
    def title(self) -> str:
        """The name of the criterion, without its number."""
        return self.feature["name"].partition(" ")[2]


def read_features() -> list[FeatureFile]:
    """All feature files, in the order of their numbers."""
    return [_read(path) for path in sorted(FEATURES.glob("*.feature"))]


def _read(path: Path) -> FeatureFile:
    document = Parser().parse(path.read_text(encoding="utf-8"))
    pickles = Compiler().compile(GherkinDocumentWithURI(**document, uri=path.name))
    return FeatureFile(path, document["feature"], _examples(document["feature"]["children"]), pickles)


def _examples(children: Iterable[Any]) -> list[Scenario]:
    found: list[Scenario] = []
    for child in children:
        found += _examples(child["rule"]["children"]) if "rule" in child else []
        found += [child["scenario"]] if "scenario" in child else []
    return found
