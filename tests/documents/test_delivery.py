"""The delivery documents say what the reports of a run say, and the kept ones speak of the features of today."""

import json
import re
from pathlib import Path

from tests.documents.delivery import DELIVERY, implementation_complete, read_reports
from tests.specification.feature_files import read_features

JUNIT = """<testsuites><testsuite name="pytest">
<testcase classname="tests.kernel.test_logs" name="one" time="1.5" />
<testcase classname="tests.kernel.test_metrics" name="two" time="0.5" />
<testcase classname="tests.test_features" name="three" time="4"><failure message="no 201">...</failure></testcase>
<testcase classname="tests.test_features" name="four" time="0"><skipped message="needs curl" /></testcase>
</testsuite></testsuites>"""

INSTANT = {"seconds": 1_767_225_600, "nanos": 0}
MESSAGES = [{"testRunStarted": {"timestamp": INSTANT}}, {"testRunFinished": {"timestamp": INSTANT}}]


def reports(folder: Path) -> str:
    """The document that is written from a small run."""
    (folder / "tests.xml").write_text(JUNIT)
    (folder / "coverage.json").write_text(json.dumps({"totals": {"percent_covered": 94.96}}))
    (folder / "messages.ndjson").write_text("".join(json.dumps(message) + "\n" for message in MESSAGES))
    (folder / "facts.json").write_text(json.dumps({"Database": "PostgreSQL 18.1"}))
    return implementation_complete(read_reports(folder))


def test_a_run_is_counted_by_the_parts_of_the_tests(tmp_path: Path) -> None:
    text = reports(tmp_path)
    assert "| tests/kernel | 2 | 0 | 0 | 2 |" in text
    assert "| tests/test_features.py | 0 | 1 | 1 | 4 |" in text
    assert "| all | 2 | 1 | 1 | 6 |" in text
    assert "| Database | PostgreSQL 18.1 |" in text
    assert "Skipped: needs curl." in text


def test_what_does_not_hold_is_not_ticked(tmp_path: Path) -> None:
    text = reports(tmp_path)
    assert "- [ ] every criterion holds" in text
    assert "- [ ] no test of 4 failed" in text
    assert "- [ ] coverage of `service/` at least 95 %" in text
    assert "- [x] every skipped test says why" in text


def test_the_kept_matrix_has_the_criteria_and_examples_of_today() -> None:
    text = (DELIVERY / "acceptance-criteria.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (AC-\d+) \| ([^|]+) \| [^|]+ \| (\d+) \| \w+ \|$", text, re.MULTILINE)
    assert rows == [(file.tag, file.title, str(len(file.pickles))) for file in read_features()], "run `make delivery`"
