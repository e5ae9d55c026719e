"""What a person sees who runs the service at a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.program import without_colours
from tests.running.environment import service_environment
from tests.running.service_process import SERVE
from tests.running.waiting import DEADLINE_SECONDS

READY = re.compile(
    r"^Ready: (http://127\.0\.0\.1:\d+)\. How to use it: (http://\S+)\. Ctrl-C stops it\.$", re.MULTILINE
)


@contextmanager
def on_terminal(directory: Path, *options: str) -> Iterator[Callable[[re.Pattern[str]], str]]:
    """Run a service, whose database is away, on a terminal. Gives what reads there until something has appeared."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, *SERVE, "--port", "0", *options],
        cwd=directory,
        env={**service_environment({"DATABASE_URL": f"postgresql://nobody@/none?host={directory}"}), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        text = b""

        def read_until(pattern: re.Pattern[str]) -> str:
            nonlocal text
            while not pattern.search(shown := without_colours(text.decode())):
                assert select.select([ours], [], [], DEADLINE_SECONDS)[0], shown
                text += os.read(ours, 65536)
            return shown

        try:
            yield read_until
            process.send_signal(signal.SIGINT)
            read_until(re.compile(r"Finished server process"))
            assert process.wait(DEADLINE_SECONDS) == 0
        finally:
            process.kill()
            os.close(ours)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_person_is_told_where_the_service_is(tmp_path: Path, workers: str) -> None:
    with on_terminal(tmp_path, "--workers", workers) as read_until:
        shown = read_until(READY)
        found = READY.search(shown)
        assert found is not None
        address, documentation = found.groups()
        assert documentation == f"{address}/docs"
        assert httpx.get(documentation).status_code == 200
        handled = read_until(re.compile("Request handled.*\n"))
    assert re.search(r"^\d\d:\d\d:\d\d \[warning  \] Database not reachable: starting without it", shown, re.M)
    request = r"^\d\d:\d\d:\d\d \[info     \] Request handled +method='GET' path='/docs' status=200 "
    assert re.search(request, handled, re.M)
