"""`make bench`: this service beside five others, on one machine, in one run. `--help` lists the options."""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.performance.arithmetic import InvalidRun, Run, summarise
from tests.performance.contestants import CONTESTANTS, PGBENCH, CannotStart, Contestant, Server, prepare, running
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.load import Load, drive, drive_pgbench
from tests.performance.machine import facts
from tests.performance.parity import NotEqual, require_parity
from tests.performance.report import Cell, Figures, Setting, check_section, comparison, publish
from tests.performance.signed import write_signed

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".data"
DOCUMENT = ROOT / "docs" / "performance.md"
REQUESTS_PER_SECOND = 15_000
"""More than any contestant stores; a run that uses up its requests is invalid."""
MAX_SECONDS = 30
"""The requests of a round are signed at its start and must still be fresh for the contestant that comes last."""
WARM_UP_SECONDS = 2
"""Pools fill, and Node compiles what is hot."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured."""

    contestants: tuple[Contestant, ...]
    settings: tuple[Setting, ...]
    connections: tuple[int, ...]
    seconds: int
    rounds: int
    pool: int


class Race:
    """Measures a plan on a database server; what lies about meanwhile lies in `folder`."""

    def __init__(self, plan: Plan, postgresql: PostgreSQL, folder: Path) -> None:
        self.plan = plan
        self.postgresql = postgresql
        self.folder = folder
        self.runs: dict[Cell, list[Run]] = defaultdict(list)

    def measure(self) -> Figures:
        """All figures. Raises InvalidRun, NotEqual and CannotStart: what proves nothing is no figure."""
        for workers in sorted({setting.workers for setting in self.plan.settings}):
            with self._servers(workers) as servers:
                for setting in self.plan.settings:
                    if setting.workers == workers:
                        self._measure_setting(setting, servers)
        return {cell: summarise(runs) for cell, runs in self.runs.items()}

    @contextmanager
    def _servers(self, workers: int) -> Iterator[dict[Contestant, Server]]:
        """All servers at once, checked and warm, so that rounds can alternate between them."""
        with ExitStack() as stack:
            servers = {}
            pool = self.plan.pool // workers
            for contestant in self.plan.contestants:
                if contestant == PGBENCH:
                    continue
                server = stack.enter_context(running(contestant, self.postgresql, self.folder, workers, pool))
                if contestant.stores:
                    self.postgresql.empty(contestant.database)
                    require_parity(server, self.postgresql)
                self._warm_up(server)
                servers[contestant] = server
            yield servers

    def _warm_up(self, server: Server) -> None:
        load = Load(self.folder / "warm-up.txt", 300, max(self.plan.connections), WARM_UP_SECONDS)
        write_signed(load.requests, load.size, REQUESTS_PER_SECOND * load.seconds)
        drive(server, self.postgresql, load)

    def _measure_setting(self, setting: Setting, servers: dict[Contestant, Server]) -> None:
        for connections in self.plan.connections:
            load = Load(self.folder / "requests.txt", setting.size, connections, self.plan.seconds)
            for turn in range(self.plan.rounds):
                self._round(turn, setting, load, servers)

    def _round(self, turn: int, setting: Setting, load: Load, servers: dict[Contestant, Server]) -> None:
        """Everyone once, with the very same signed requests; who begins changes from round to round."""
        write_signed(load.requests, load.size, REQUESTS_PER_SECOND * load.seconds)
        first = turn % len(self.plan.contestants)
        for contestant in self.plan.contestants[first:] + self.plan.contestants[:first]:
            if contestant == PGBENCH:
                run = drive_pgbench(self.postgresql, self.folder, load)
            else:
                run = drive(servers[contestant], self.postgresql, load)
            self.runs[Cell(setting, contestant, load.connections)].append(run)
            print(
                f"{setting}, {load.connections} connections, round {turn + 1}: {contestant.key:>4} "
                f"{run.per_second:8,.0f}/s  p50 {run.p50_ms:.1f} ms  p99 {run.p99_ms:.1f} ms  "
                f"processor {run.processor_us or 0:.0f} us",
                flush=True,
            )


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help=f"length of a run, at most {MAX_SECONDS} (5)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds, of which the median counts (3)")
    parser.add_argument("--quick", action="store_true", help="one round of one second; printed, not written")
    parser.add_argument("--only", default=",".join(one.key for one in CONTESTANTS), help="which contestants (all)")
    parser.add_argument("--connections", type=numbers, default=(1, 32, 100), help="how many at once (1,32,100)")
    parser.add_argument("--payloads", type=numbers, default=(300, 8192), help="bytes of a body (300,8192)")
    parser.add_argument("--workers", type=numbers, default=(1, 2), help="processes of each server (1,2)")
    parser.add_argument("--pool", type=int, default=10, help="database connections of each server (10)")
    parser.add_argument("--output", type=Path, help="the document to write the tables to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    if not 1 <= chosen.seconds <= MAX_SECONDS:
        parser.error(f"--seconds must be 1 to {MAX_SECONDS}")
    if unknown := set(chosen.only.split(",")) - {one.key for one in CONTESTANTS}:
        parser.error(f"--only does not know {', '.join(sorted(unknown))}")
    if chosen.output is None and not chosen.quick:
        chosen.output = DOCUMENT
    if chosen.output is not None:
        look_at(chosen.output, "bench", parser)
    return chosen


def look_at(document: Path, section: str, parser: argparse.ArgumentParser) -> None:
    """Refuse a command line whose figures could not be written in the end."""
    try:
        check_section(document, section)
    except (OSError, ValueError) as error:
        parser.error(f"--output: {document}: {error}")


def numbers(text: str) -> tuple[int, ...]:
    """Numbers with commas between them."""
    return tuple(int(part) for part in text.split(","))


def plan_of(chosen: argparse.Namespace) -> Plan:
    """The plan that the command line asks for."""
    return Plan(
        contestants=tuple(one for one in CONTESTANTS if one.key in chosen.only.split(",")),
        settings=tuple(Setting(workers, size) for workers in chosen.workers for size in chosen.payloads),
        connections=chosen.connections,
        seconds=1 if chosen.quick else chosen.seconds,
        rounds=1 if chosen.quick else chosen.rounds,
        pool=chosen.pool,
    )


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    chosen = options(arguments)
    plan = plan_of(chosen)
    unwind_when_terminated()
    try:
        around, figures = run(plan)
    except (CannotStart, InvalidRun, NotEqual, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    publish(chosen.output, "bench", arguments, around, comparison(figures))
    return 0


def run(plan: Plan) -> tuple[dict[str, str], Figures]:
    """What the figures depend on, and the figures. Raises what `Race.measure` and `prepare` raise."""
    runs = len(plan.settings) * len(plan.connections) * len(plan.contestants) * plan.rounds
    print(f"{runs} runs of {plan.seconds} s, about {runs * (plan.seconds + 1) / 60 + 1:.0f} minutes", flush=True)
    started = time.monotonic()
    prepare(plan.contestants)
    with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
        for contestant in plan.contestants:
            if contestant.stores:
                postgresql.create_migrated(contestant.database)
        around = facts(postgresql, folder)
        figures = Race(plan, postgresql, folder).measure()
    around["Runs"] = f"{plan.rounds} rounds of {plan.seconds} s, {time.monotonic() - started:.0f} s in all"
    return around, figures


def unwind_when_terminated() -> None:
    """Servers and database must not outlive a benchmark that is told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder on the project's own disk, since a temporary one may be memory, where durability costs nothing."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DATA, prefix="bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
