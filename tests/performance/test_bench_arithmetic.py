"""The benchmark's own sums: a wrong one would make every figure wrong."""

import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.proof.signing import sign
from tests.documents.section import replace_section
from tests.performance import bench, growth
from tests.performance.arithmetic import (
    InvalidRun,
    Run,
    check_stored,
    parse_pgbench,
    parse_wrk,
    percentile,
    ratio,
    spread,
    summarise,
)
from tests.performance.contestants import NODE, OURS, TORTOISE
from tests.performance.processor import processor_seconds
from tests.performance.report import Cell, Setting, comparison, write_section
from tests.performance.signed import PRODUCER_ID, SECRET, payload_text, signed_request, write_signed
from tests.running.waiting import wait_until

PGBENCH_REPORT = """\
number of failed transactions: 0 (0.000%)
latency average = 1.5 ms
initial connection time = 90.000 ms
tps = 2000.500000 (without initial connection time)
"""


def wrk_report(**changes: Any) -> str:
    report = {"requests": 9000, "duration_us": 3_000_000, "p50_us": 1500, "p99_us": 20500, "repeated": False}
    errors = {"connect": 0, "read": 0, "write": 0, "timeout": 0, "status": 0}
    return f"Running 3s test\nRESULT {json.dumps(report | {'errors': errors} | changes)}\n"


def test_a_report_of_wrk_is_read() -> None:
    assert parse_wrk(wrk_report()) == Run(requests=9000, per_second=3000, p50_ms=1.5, p99_ms=20.5)


@pytest.mark.parametrize(
    "output",
    [
        "unable to connect to 127.0.0.1:1 Connection refused",
        wrk_report(repeated=True),
        wrk_report(requests=0),
        wrk_report(errors={"status": 1}),
        wrk_report(errors={"timeout": 1}),
    ],
)
def test_a_run_that_proves_nothing_is_refused(output: str) -> None:
    with pytest.raises(InvalidRun):
        parse_wrk(output)


def test_who_stores_nothing_may_get_a_signal_twice() -> None:
    assert parse_wrk(wrk_report(repeated=True), may_repeat=True).requests == 9000


def test_a_report_of_pgbench_is_read() -> None:
    log = (f"0 {n} {n * 1000} 0 1700000000 0" for n in range(1, 101))
    assert parse_pgbench(PGBENCH_REPORT, log) == Run(requests=100, per_second=2000.5, p50_ms=50, p99_ms=99)


@pytest.mark.parametrize("output", ["", PGBENCH_REPORT.replace("failed transactions: 0", "failed transactions: 1")])
def test_a_pgbench_run_that_failed_is_refused(output: str) -> None:
    with pytest.raises(InvalidRun):
        parse_pgbench(output, ["0 1 1000 0 1700000000 0"])


@pytest.mark.parametrize("rows", [100, 101, 132])
def test_every_answer_has_its_row_and_requests_that_were_cut_off_may_have_one(rows: int) -> None:
    check_stored(rows, Run(100, 1, 1, 1), connections=32)


@pytest.mark.parametrize("rows", [0, 99, 133])
def test_rows_that_are_missing_or_too_many_make_a_run_invalid(rows: int) -> None:
    with pytest.raises(InvalidRun):
        check_stored(rows, Run(100, 1, 1, 1), connections=32)


def test_a_summary_holds_medians_and_the_range() -> None:
    summary = summarise([Run(1, 300, 3, 30), Run(1, 100, 1, 90), Run(1, 200, 2, 10)])
    assert (summary.per_second, summary.lowest, summary.highest) == (200, 100, 300)
    assert (summary.p50_ms, summary.p99_ms) == (2, 30)
    assert summary.processor_us is None
    assert summarise([Run(1, 1, 1, 1, cost) for cost in (90, 110, 95)]).processor_us == 95


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 2), (75, 3), (76, 4), (99, 4), (100, 4)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([4, 2, 1, 3], percent) == value


def test_a_ratio_says_how_many_times_theirs_fits_into_ours() -> None:
    assert ratio(300, 200) == 1.5
    assert ratio(300, 0) == float("inf")


def test_a_spread_is_a_share_of_the_greatest() -> None:
    assert spread([90, 100, 95]) == pytest.approx(0.1)


def test_the_report_says_which_aims_were_reached() -> None:
    setting = Setting(workers=1, size=300)
    figures = {
        Cell(setting, OURS, 100): summarise([Run(1, 4999, 1, 20, 94.9)]),
        Cell(setting, TORTOISE, 100): summarise([Run(1, 2000, 1, 1)]),
        Cell(setting, NODE, 100): summarise([Run(1, 3999, 1, 40)]),
        Cell(setting, OURS, 1): summarise([Run(1, 1100, 1, 1)]),
        Cell(setting, TORTOISE, 1): summarise([Run(1, 1000, 1, 1)]),
    }
    text = comparison(figures)
    assert "| throughput at 100 connections, of that of (b) | 1.25, at least 1.25: reached |" in text
    assert "| throughput at 100 connections, of that of (c) | 2.5, at least 2.5: **missed** |" in text
    assert "| throughput at 1 connection, of that of (c) | 1.1, at least 1.1: reached |" in text
    assert "| throughput at 1 connection, of that of (b) | not measured |" in text
    assert "| p99 at 100 connections, of that of (b) | 0.5, at most 0.5: reached |" in text
    assert "| microseconds of processor for a signal at 100 connections | 94.9, at most 95: reached |" in text


def test_where_nothing_was_asked_for_nothing_is_judged() -> None:
    setting = Setting(workers=1, size=8192)
    text = comparison({Cell(setting, OURS, 100): summarise([Run(1, 1, 1, 1, 500)])})
    assert "| microseconds of processor for a signal at 100 connections |  |" in text


def test_the_processor_time_of_a_process_group_counts_all_its_processes() -> None:
    busy = "import subprocess, sys, time\nwhile time.process_time() < 0.3: pass\n"
    nested = f"{busy}child = subprocess.Popen([sys.executable, '-c', {busy + 'input()'!r}])\nchild.wait()"
    process = subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(lambda: processor_seconds(process.pid) >= 0.5, "both processes have worked")
    finally:
        process.communicate(b"\n")


def test_only_the_marked_section_of_a_document_is_replaced() -> None:
    document = "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n"
    assert replace_section(document, "x", "new") == "before\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nafter\n"


@pytest.mark.parametrize("document", ["", "<!-- x:end --><!-- x:begin -->", "<!-- x:begin -->" * 2 + "<!-- x:end -->"])
def test_a_document_without_its_marks_is_left_alone(document: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        replace_section(document, "x", "new")


@pytest.mark.parametrize("options", [bench.options, growth.options])
def test_where_the_figures_go_is_looked_at_before_they_are_measured(
    options: Callable[[list[str]], Namespace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six minutes of figures were lost because their document did not exist."""
    (tmp_path / "other.md").write_text("no marks")
    for path, complaint in [("other.md", "once each"), ("nowhere/new.md", "No such file"), (".", "Is a directory")]:
        with pytest.raises(SystemExit):
            options(["--output", str(tmp_path / path)])
        assert complaint in capsys.readouterr().err
    assert options(["--output", str(tmp_path / "new.md")]).output == tmp_path / "new.md"


def test_a_document_that_is_new_gets_its_section(tmp_path: Path) -> None:
    for text in ("first", "second"):
        write_section(tmp_path / "new.md", "x", text)
    assert (tmp_path / "new.md").read_text() == "<!-- x:begin -->\n\nsecond\n\n<!-- x:end -->\n"


@pytest.mark.parametrize("size", [300, 8192])
def test_a_signed_request_has_exactly_the_size_that_was_asked_for(size: int) -> None:
    body, headers = signed_request(size)
    assert len(body) == size
    assert json.loads(body)["payload"].keys() == json.loads(payload_text(size)).keys()
    assert headers["X-Signature"] == sign(SECRET.encode(), body, headers["X-Timestamp"], PRODUCER_ID)


def test_no_two_requests_of_a_file_are_the_same(tmp_path: Path) -> None:
    write_signed(tmp_path / "requests.txt", 300, 50)
    head, middle, tail, *lines = (tmp_path / "requests.txt").read_text().splitlines()
    assert len(set(lines)) == 50
    for line in lines:
        instrument, ticket, timestamp, signature = line[:6], line[6:16], line[16:43], line[43:]
        body = f"{head}{instrument}{middle}{ticket}{tail}".encode()
        assert len(body) == 300
        assert signature == sign(SECRET.encode(), body, timestamp, PRODUCER_ID)


def test_a_body_that_cannot_be_so_small_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        signed_request(100)
