"""Metrics: what is counted, under which labels, and how several processes agree."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from service.kernel import metrics
from service.kernel.metrics import INSTRUMENTS_MAX, InstrumentLabels
from tests.running.environment import service_environment
from tests.running.waiting import DEADLINE_SECONDS

NAMES = [f"I{number}" for number in range(INSTRUMENTS_MAX + 50)]


def test_the_published_names_are_registered() -> None:
    names = {metric.name for metric in REGISTRY.collect()}
    assert names >= {"signals_ingested", "signals_rejected", "signals_create_seconds", "http_requests"}
    assert "signals_build_info" in names


@pytest.mark.parametrize("shared", [True, False])
def test_the_first_hundred_instruments_have_a_label_and_the_rest_is_other(tmp_path: Path, shared: bool) -> None:
    labels = InstrumentLabels(tmp_path if shared else None)
    given = [labels.label(name) for name in NAMES]
    assert given == NAMES[:100] + ["other"] * 50
    assert [labels.label(name) for name in reversed(NAMES)] == list(reversed(given))


def test_processes_agree_on_the_hundred(tmp_path: Path) -> None:
    first, second = InstrumentLabels(tmp_path), InstrumentLabels(tmp_path)
    assert [first.label(name) for name in NAMES[:60]] == NAMES[:60]
    assert [second.label(name) for name in NAMES[50:120]] == NAMES[50:100] + ["other"] * 20
    assert [first.label(name) for name in NAMES] == NAMES[:100] + ["other"] * 50


def test_processes_that_ask_at_the_same_time_never_name_more_than_a_hundred(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from service.kernel.metrics import InstrumentLabels\n"
        "labels = InstrumentLabels(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "for number in range(90):\n"
        "    print(labels.label(f'{sys.argv[2]}{number}'))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), letter],
            env=service_environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for letter in "ABCD"
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    given = [label for process in processes for label in process.communicate(timeout=DEADLINE_SECONDS)[0].split()]
    assert len(given) == 4 * 90
    assert len(set(given) - {"other"}) == INSTRUMENTS_MAX
    assert sorted((tmp_path / "instruments").read_text().split()) == sorted(set(given) - {"other"})


def test_one_process_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(metrics.SHARED_DIRECTORY, raising=False)
    assert metrics.shared_directory() is None
    monkeypatch.setenv(metrics.SHARED_DIRECTORY, "")
    assert metrics.shared_directory() is None


def test_the_exposition_is_prometheus_text() -> None:
    metrics.signals_rejected.labels("not_found").inc()
    content, content_type = metrics.exposition()
    assert content_type.startswith("text/plain; version=")
    assert b"# TYPE signals_rejected_total counter\n" in content
    assert b'signals_rejected_total{code="not_found"} ' in content
    assert b"signals_create_seconds_bucket{le=" in content
    assert b"_created" not in content


def test_the_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    count = (
        "from service.kernel import metrics\n"
        "metrics.signals_ingested.labels('XAUUSD', 'buy').inc()\n"
        "metrics.create_seconds.observe(0.002)\n"
    )
    show = "from service.kernel import metrics\nprint(metrics.exposition()[0].decode())\n"
    environment = service_environment({metrics.SHARED_DIRECTORY: str(tmp_path)})
    for program in (count, count, show):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
        )
    assert 'signals_ingested_total{instrument="XAUUSD",side="buy"} 2.0' in done.stdout
    assert "signals_create_seconds_count 2.0" in done.stdout
    assert 'signals_create_seconds_bucket{le="0.0025"} 2.0' in done.stdout


def test_processes_that_were_killed_leave_what_they_counted_and_no_more_files(tmp_path: Path) -> None:
    """Seen red with the files named by process id: each killed process left four more, which every scrape read. And
    without `_forget_the_dead`: what the killed ones had in hand was still shown."""
    watch = (
        "import sys\n"
        "from service.kernel import metrics\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(metrics.exposition()[0].decode())\n"
    )
    die = (
        "import os, signal\n"
        "from service.kernel import metrics\n"
        "metrics.signals_ingested.labels('XAUUSD', 'buy').inc()\n"
        "metrics.queue_rows.set(7)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = service_environment({metrics.SHARED_DIRECTORY: str(tmp_path)})
    with subprocess.Popen(
        [sys.executable, "-c", watch], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == "ready\n"
        left = []
        for _ in range(3):
            subprocess.run([sys.executable, "-c", die], env=environment, check=False)
            left.append({path.name for path in tmp_path.iterdir()})
        shown, _ = living.communicate("show\n", timeout=DEADLINE_SECONDS)
    assert left[0] == left[1] == left[2]
    assert 'signals_ingested_total{instrument="XAUUSD",side="buy"} 3.0' in shown
    assert "signals_queue_rows 0.0" in shown
