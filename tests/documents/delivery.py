"""The delivery documents that are written from the reports of a run of all tests.

    python -m tests.documents.delivery build/test

writes them anew; `make delivery` makes the run first.
"""

import json
import platform
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from service import __version__
from tests.running.environment import ROOT
from tests.specification.feature_files import FeatureFile, read_features
from tests.specification.overview import Criterion, Overview, Result

DELIVERY = ROOT / "docs" / "delivery"
LEAST_COVERAGE = 95

_NOTE = "<!-- Written by `make delivery`. -->"


@dataclass(frozen=True)
class Case:
    """One test of a run. `group` is the part of tests/ that it stands in."""

    group: str
    passed: bool
    skipped: str | None
    seconds: float


@dataclass(frozen=True)
class Reports:
    """What a run of all tests left: the cases, the share of branches and lines that they went through, in percent, the
    scenarios, and the facts of the run."""

    cases: Sequence[Case]
    coverage: float
    overview: Overview
    facts: Mapping[str, str]


def read_reports(folder: Path) -> Reports:
    """The reports of `make test`. Raises OSError when one is missing."""
    totals = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))["totals"]
    lines = (folder / "messages.ndjson").read_text(encoding="utf-8").splitlines()
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    cases = [case for path in sorted(folder.glob("*.xml")) for case in _cases(path)]
    return Reports(cases, totals["percent_covered"], Overview.of(map(json.loads, lines)), facts)


def _cases(path: Path) -> Iterator[Case]:
    for case in ET.parse(path).iter("testcase"):  # noqa: S314  (our own report)
        ends = {child.tag: child.get("message", "") for child in case}
        passed = not ends.keys() & {"failure", "error", "skipped"}
        yield Case(_group(case.get("classname", "")), passed, ends.get("skipped"), float(case.get("time", 0)))


def _group(module: str) -> str:
    """`tests.kernel.test_logs` is `tests/kernel`, `tests.test_features` is `tests/test_features.py`."""
    parts = module.split(".")
    return "/".join(parts[:2]) if len(parts) > 2 else f"{'/'.join(parts)}.py"


def acceptance_criteria(overview: Overview, features: Sequence[FeatureFile]) -> str:
    """The matrix of criteria, features, examples and results."""
    rows = (_matrix_row(criterion, file) for criterion, file in zip(overview.criteria, features, strict=True))
    results = [f"{count} {result.word}" for result, count in sorted(overview.results.items())]
    return _document(
        "Acceptance criteria",
        f"{overview.verdict} {overview.results.total()} examples: {', '.join(results)}. Run {_date(overview.began)}.",
        "`make spec` shows the same run step by step; what each criterion promises stands in\n"
        "[acceptance.md](../acceptance.md).",
        _table(["", "criterion", "feature", "examples", "result"], rows),
    )


def _matrix_row(criterion: Criterion, file: FeatureFile) -> list[str]:
    link = f"[{file.path.name}](../../features/{file.path.name})"
    return [file.tag, file.title, link, str(criterion.examples), criterion.result.word]


def implementation_complete(reports: Reports) -> str:
    """The checklist, the counts, the coverage and the times of the run."""
    overview, cases = reports.overview, reports.cases
    failed = sum(not case.passed and case.skipped is None for case in cases)
    checks = {
        "every criterion holds": overview.worst is Result.PASSED,
        f"no test of {len(cases)} failed": failed == 0,
        f"coverage of `service/` at least {LEAST_COVERAGE} %": reports.coverage >= LEAST_COVERAGE,
        "every skipped test says why": all(case.skipped for case in cases if case.skipped is not None),
    }
    facts = {**reports.facts, "Python": platform.python_version(), "Run": _date(overview.began)}
    return _document(
        "Implementation complete",
        f"Version {__version__}, as tested by one run of `make test`.",
        "\n".join(f"- [{'x' if holds else ' '}] {check}" for check, holds in checks.items()),
        _table(["", ""], facts.items()),
        "## Tests",
        "Of tests that run side by side each second counts on its own, so the times add up to more than the run took.",
        _table(["tests", "passed", "failed", "skipped", "seconds"], _counts(cases)),
        *_skipped(cases),
        "## Coverage",
        f"{reports.coverage:.1f} % of the lines and branches of `service/`, counted across all of its processes.",
        "## Figures measured apart",
        "Faults on purpose: [reliability.md](../reliability.md). Hostile input: [hostile.md](../hostile.md). Speed:\n"
        "[performance.md](../performance.md).",
    )


def _counts(cases: Iterable[Case]) -> Iterator[list[str]]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
        groups["all"].append(case)
    for name in sorted(groups, key=lambda name: (name == "all", name)):
        members = groups[name]
        passed = sum(case.passed for case in members)
        skipped = sum(case.skipped is not None for case in members)
        seconds = sum(case.seconds for case in members)
        yield [name, str(passed), str(len(members) - passed - skipped), str(skipped), f"{seconds:.0f}"]


def _skipped(cases: Iterable[Case]) -> Iterator[str]:
    reasons = sorted({case.skipped for case in cases if case.skipped is not None})
    if reasons:
        yield "Skipped: " + "; ".join(reasons) + "."


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _document(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _NOTE, *parts]) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines: list[Iterable[Any]] = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main(folder: Path) -> None:
    """Write both documents."""
    reports = read_reports(folder)
    texts = {
        "acceptance-criteria.md": acceptance_criteria(reports.overview, read_features()),
        "implementation-complete.md": implementation_complete(reports),
    }
    for name, text in texts.items():
        (DELIVERY / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
