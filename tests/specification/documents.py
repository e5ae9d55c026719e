"""The feature files as Cucumber Messages, and where in them a scenario stands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gherkin.stream.gherkin_events import GherkinEvents

from tests.specification.recording import ScenarioRecord

Message = dict[str, Any]
"""One envelope as JSON has it."""

Place = tuple[str, int, tuple[tuple[str, str], ...]]
"""A file, the line of a scenario in it, and for an outline the cells of a row."""


class Documents:
    """All feature files of a folder, in the order of their names, which is that of their numbers."""

    def __init__(self, features: Path, root: Path) -> None:
        events = GherkinEvents(GherkinEvents.Options(print_source=True, print_ast=True, print_pickles=True))
        self._root = root
        self.messages = [
            message for path in sorted(features.rglob("*.feature")) for message in self._read(path, events)
        ]
        self.pickles: list[Message] = [message["pickle"] for message in self.messages if "pickle" in message]
        self.next_id = events.id_generator.get_next_id
        self._lines: dict[str, int] = {}
        self._rows: dict[str, dict[str, str]] = {}
        for message in self.messages:
            feature = message.get("gherkinDocument", {}).get("feature") or {}
            self._index(feature.get("children", []))

    def _read(self, path: Path, events: GherkinEvents) -> Iterator[Any]:
        source = {
            "uri": path.relative_to(self._root).as_posix(),
            "data": path.read_text(encoding="utf-8"),
            "mediaType": "text/x.cucumber.gherkin+plain",
        }
        yield from events.enum({"source": source})  # type: ignore[typeddict-item]

    def _index(self, children: list[Any]) -> None:
        for child in children:
            self._index(child.get("rule", {}).get("children", []))
            if "scenario" in child:
                self._lines[child["scenario"]["id"]] = child["scenario"]["location"]["line"]
                for table in child["scenario"]["examples"]:
                    for row in table["tableBody"]:
                        self._rows[row["id"]] = dict(zip(_values(table["tableHeader"]), _values(row), strict=True))

    def place_of(self, pickle: Message) -> Place:
        """Where a scenario stands."""
        scenario, *row = pickle["astNodeIds"]
        return pickle["uri"], self._lines[scenario], _cells(self._rows[row[0]] if row else {})

    def place_in(self, record: ScenarioRecord) -> Place:
        """Where the scenario of a record stands."""
        path = Path(record["feature"]).relative_to(self._root)
        return path.as_posix(), record["line"], _cells(record["row"])


def _values(row: Any) -> list[str]:
    return [cell["value"] for cell in row["cells"]]


def _cells(row: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(row.items()))
