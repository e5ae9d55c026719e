"""One measured run: wrk against a server, or pgbench against a table."""

import os
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path

from tests.performance.arithmetic import InvalidRun, Run, check_stored, parse_pgbench, parse_wrk
from tests.performance.contestants import PGBENCH, Server
from tests.performance.database import PostgreSQL
from tests.performance.processor import processor_seconds
from tests.performance.signed import payload_text

HERE = Path(__file__).parent
ANSWER_TIMEOUT = "10s"
SETTLE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Load:
    """What a run is made of: the signed requests in `requests`, each with a body of `size` bytes."""

    requests: Path
    size: int
    connections: int
    seconds: int


def drive(server: Server, postgresql: PostgreSQL, load: Load, *, keep_rows: bool = False) -> Run:
    """Sends signed signals over all connections without a pause, and checks that each answer has its row.

    The table is emptied before unless `keep_rows`. Raises InvalidRun when one answer was no success or one row is
    missing.
    """
    os.truncate(server.log, 0)
    try:
        if server.contestant.stores:
            return _drive_storing(server, postgresql, load, keep_rows=keep_rows)
        return _measured(server, load, may_repeat=True)
    except InvalidRun as error:
        raise InvalidRun(f"{server.contestant.title}: {error}\n{server.log.read_text()[-2000:]}") from None


def _drive_storing(server: Server, postgresql: PostgreSQL, load: Load, *, keep_rows: bool) -> Run:
    database = server.contestant.database
    if not keep_rows:
        postgresql.empty(database)
    postgresql.settle(database)
    before = postgresql.rows(database)
    run = _measured(server, load)
    _await_stored(postgresql, database, before, run, load.connections)
    return run


def _measured(server: Server, load: Load, *, may_repeat: bool = False) -> Run:
    before = processor_seconds(server.group)
    run = parse_wrk(_wrk(server.url, load), may_repeat=may_repeat)
    return replace(run, processor_us=(processor_seconds(server.group) - before) / run.requests * 1e6)


def _wrk(url: str, load: Load) -> str:
    threads = ["--threads", "1", "--connections", str(load.connections), "--duration", f"{load.seconds}s"]
    script = ["--timeout", ANSWER_TIMEOUT, "--script", str(HERE / "drive.lua"), url, "--", str(load.requests)]
    done = subprocess.run(
        ["wrk", *threads, *script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


def _await_stored(postgresql: PostgreSQL, database: str, before: int, run: Run, connections: int) -> None:
    """A server may still be busy with what wrk left behind when its time was up."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            return check_stored(postgresql.rows(database) - before, run, connections)
        except InvalidRun:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def drive_pgbench(postgresql: PostgreSQL, folder: Path, load: Load) -> Run:
    """Inserts single rows with pgbench's prepared statements, a transaction each.

    Raises InvalidRun when nothing was logged or the table says something else.
    """
    postgresql.empty(PGBENCH.database)
    postgresql.settle(PGBENCH.database)
    command = [str(postgresql.binaries / "pgbench"), "--no-vacuum", "--protocol", "prepared", "--jobs", "1"]
    what = ["--file", str(HERE / "insert.sql"), "--define", f"payload={payload_text(load.size)}"]
    how = ["--client", str(load.connections), "--time", str(load.seconds), "--log", "--log-prefix", f"{folder}/pgbench"]
    environment = os.environ | postgresql.environment(PGBENCH.database)
    done = subprocess.run([*command, *what, *how], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    logs = list(folder.glob("pgbench.*"))
    run = parse_pgbench(done.stdout, (line for log in logs for line in log.read_text().splitlines()))
    for log in logs:
        log.unlink()
    check_stored(postgresql.rows(PGBENCH.database), run, load.connections)
    return run
