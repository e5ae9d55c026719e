"""The one HTML file: our overview, and below it the messages as `@cucumber/html-formatter` shows them.

The file needs no other file and no network.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.specification.documents import Message
from tests.specification.names import Naming
from tests.specification.overview import Overview, Result

HERE = Path(__file__).parent
ASSETS = HERE / "assets"

_REPORT = '<div id="content">'
"""Where the formatter puts its report."""

_TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def page(
    messages: Sequence[Message], facts: Mapping[str, str], faults: Sequence[str], namings: Sequence[Naming]
) -> str:
    """The file's text. `faults` are what went wrong outside the scenarios."""
    overview = _TEMPLATES.get_template("overview.html").render(
        overview=Overview.of(messages), facts=facts, faults=faults, namings=namings, Result=Result
    )
    parts = {
        "title": "Signals: what it promises, and whether it holds",
        "icon": _read(ASSETS / "icon.url"),
        "css": _read(ASSETS / "main.css"),
        "custom_css": _read(HERE / "overview.css"),
        "messages": ",\n".join(map(_literal, _as_shown(messages))),
        "script": _read(ASSETS / "main.js"),
        "custom_script": _read(HERE / "overview.js"),
        "overview": overview,
    }
    template = _read(ASSETS / "index.mustache").replace(_REPORT, "{{overview}}" + _REPORT)
    return re.sub(r"{{(\w+)}}", lambda match: parts[match[1]], template)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _literal(message: Message) -> str:
    """A message as a JavaScript expression. With no `<` in it, it can not end the script that it stands in."""
    return json.dumps(message, ensure_ascii=False).replace("<", r"\x3C")


def _as_shown(messages: Sequence[Message]) -> Iterator[Message]:
    """The messages as the formatter shows them best: it calls a feature by its file, and leaves out what never ran."""
    documents = [message["gherkinDocument"] for message in messages if "gherkinDocument" in message]
    names = {document["uri"]: document["feature"]["name"] for document in documents if document.get("feature")}
    run = {message["testCase"]["pickleId"] for message in messages if "testCase" in message}
    for message in messages:
        [(kind, content)] = message.items()
        if kind == "testRunFinished":
            yield from _never_run((each["pickle"] for each in messages if "pickle" in each), run, content["timestamp"])
        yield {kind: {**content, "uri": names[content["uri"]]}} if content.get("uri") in names else message


def _never_run(pickles: Iterable[Message], run: set[str], now: Message) -> Iterator[Message]:
    """For each scenario that was not run an attempt of which nothing is known."""
    unknown = {"status": "UNKNOWN", "duration": {"seconds": 0, "nanos": 0}}
    for pickle in pickles:
        if pickle["id"] in run:
            continue
        case = f"never-{pickle['id']}"
        steps = [{"id": f"{case}-{step['id']}", "pickleStepId": step["id"]} for step in pickle["steps"]]
        yield {"testCase": {"id": case, "pickleId": pickle["id"], "testSteps": steps}}
        yield {"testCaseStarted": {"id": case, "testCaseId": case, "attempt": 0, "timestamp": now}}
        for step in steps:
            result = {"testCaseStartedId": case, "testStepId": step["id"], "testStepResult": unknown, "timestamp": now}
            yield {"testStepFinished": result}
        yield {"testCaseFinished": {"testCaseStartedId": case, "timestamp": now, "willBeRetried": False}}
