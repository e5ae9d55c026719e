"""`make bench-growth`: does the service become slower as its table grows? `--help` lists the options."""

import argparse
import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.performance.arithmetic import InvalidRun, Run, Summary, percentile, spread, summarise
from tests.performance.bench import (
    DOCUMENT,
    REQUESTS_PER_SECOND,
    look_at,
    numbers,
    scratch_folder,
    unwind_when_terminated,
)
from tests.performance.contestants import CannotStart, Contestant, Server, prepare, running
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.load import Load, drive
from tests.performance.machine import facts
from tests.performance.report import publish, table
from tests.performance.signed import INSTRUMENTS, write_signed

POOL = 10
BODY_BYTES = 300
WARM_UP_SECONDS = 2
SPREAD_AIM = 0.10
SEED_AIM_MS = 5.0
SEED_RUNS = 1000
CHUNK = 500_000

SEED = """SELECT * FROM signals
WHERE instrument = 'XAUUSD' AND created_at > now() - interval '1 day' ORDER BY created_at DESC"""

FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload, created_at, updated_at)
SELECT uuidv7(moment - now()), 'bot-' || n % 40, (ARRAY[{instruments}])[1 + floor(random() * {kinds})::int], n % 2,
       moment - interval '1 second', jsonb_build_object('ticket', 1000000000 + n, 'strategy', 'breakout-m15',
       'atr14', 3.1417, 'bars', jsonb_build_array(2650 + random(), 2655 + random(), 2640 + random(), n % 9000)),
       moment, moment
FROM (SELECT n, now() - interval '365 days' * (1 - n::float8 / {total}) AS moment
      FROM generate_series({first}, {last}) AS n) AS made
"""
"""A year of signals in the order in which they came, evenly spread over instruments and time."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What the seed query took: how many rows it returned, and the percentiles of its runs."""

    rows: int
    p50_ms: float
    p99_ms: float
    plan: str


Runs = Mapping[tuple[int, int], Summary]
"""By rows in the table and connections."""


def contestant_with(rows: int) -> Contestant:
    """This service on a table that has `rows` rows already."""
    return Contestant(f"rows_{rows}", f"{rows:,} rows", "service")


def fill(postgresql: PostgreSQL, rows: int) -> None:
    """Makes the table and fills it. Raises CalledProcessError."""
    database = contestant_with(rows).database
    postgresql.create_migrated(database)
    instruments = ", ".join(f"'{name}'" for name in INSTRUMENTS)
    for first in range(1, rows + 1, CHUNK):
        last = min(first + CHUNK - 1, rows)
        made = FILL.format(instruments=instruments, kinds=len(INSTRUMENTS), total=rows, first=first, last=last)
        postgresql.sql(database, made)
        print(f"{rows:,} rows: {last:,} filled in", flush=True)
    postgresql.sql(database, "VACUUM ANALYZE signals")
    postgresql.settle(database)


async def seed_query(url: str) -> Seed:
    """Runs the seed query over and over on one connection, prepared once, every row fetched."""
    connection = await asyncpg.connect(url)
    try:
        plan = [line for (line,) in await connection.fetch(f"EXPLAIN (COSTS OFF) {SEED}")]
        statement = await connection.prepare(SEED)
        taken = []
        for _ in range(SEED_RUNS):
            started = time.perf_counter()
            found = await statement.fetch()
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        await connection.close()
    return Seed(len(found), percentile(taken, 50), percentile(taken, 99), "; ".join(line.strip(" ->") for line in plan))


def measure(chosen: argparse.Namespace, postgresql: PostgreSQL, folder: Path) -> Runs:
    """Drives one server for each table, in rounds. Raises InvalidRun and CannotStart."""
    runs: dict[tuple[int, int], list[Run]] = defaultdict(list)
    with ExitStack() as stack:
        servers = {
            rows: stack.enter_context(running(contestant_with(rows), postgresql, folder, 1, POOL))
            for rows in chosen.rows
        }
        for rows, server in servers.items():
            _drive(server, postgresql, folder, rows, max(chosen.connections), WARM_UP_SECONDS)
        for connections in chosen.connections:
            for turn in range(chosen.rounds):
                first = turn % len(chosen.rows)
                for rows in chosen.rows[first:] + chosen.rows[:first]:
                    run = _drive(servers[rows], postgresql, folder, rows, connections, chosen.seconds)
                    runs[rows, connections].append(run)
                    print(f"{rows:>9,} rows, {connections} connections, round {turn + 1}: {run.per_second:8,.0f}/s  "
                          f"p99 {run.p99_ms:.1f} ms", flush=True)  # fmt: skip
    return {key: summarise(found) for key, found in runs.items()}


def _drive(server: Server, postgresql: PostgreSQL, folder: Path, rows: int, connections: int, seconds: int) -> Run:
    load = Load(folder / "requests.txt", BODY_BYTES, connections, seconds)
    write_signed(load.requests, load.size, REQUESTS_PER_SECOND * seconds)
    return drive(server, postgresql, load, keep_rows=rows > 0)


def report(runs: Runs, seeds: Mapping[int, Seed]) -> str:
    """The figures, and whether they stay within what was asked for."""
    connections = sorted({key[1] for key in runs})
    sizes = sorted({key[0] for key in runs})
    titles = [title for n in connections for title in (f"{n}: signals/s", "p99 ms")]
    rows = [[f"{size:,}", *(text for n in connections for text in _texts(runs[size, n]))] for size in sizes]
    apart = [text for n in connections for text in _apart([runs[size, n] for size in sizes])]
    seed_rows = [
        [f"{size:,}", f"{seed.rows:,}", f"{seed.p50_ms:.2f}", f"{seed.p99_ms:.2f}", _within(seed.p99_ms, SEED_AIM_MS),
         f"`{seed.plan}`"]
        for size, seed in sorted(seeds.items())
    ]  # fmt: skip
    seed_titles = ["rows in the table", "rows returned", "p50 ms", "p99 ms", f"under {SEED_AIM_MS:.0f} ms", "plan"]
    return "\n\n".join([
        table(["rows in the table", *titles], [*rows, ["apart", *apart]]),
        f"The seed query, {SEED_RUNS:,} runs each:\n\n```sql\n{SEED}\n```",
        table(seed_titles, seed_rows),
    ])  # fmt: skip


def _texts(summary: Summary) -> tuple[str, str]:
    return f"{summary.per_second:,.0f} ({summary.lowest:,.0f} to {summary.highest:,.0f})", f"{summary.p99_ms:.1f}"


def _apart(summaries: Sequence[Summary]) -> tuple[str, str]:
    rates, tails = spread([s.per_second for s in summaries]), spread([s.p99_ms for s in summaries])
    return f"{rates:.0%}, {_within(rates, SPREAD_AIM)}", f"{tails:.0%}, {_within(tails, SPREAD_AIM)}"


def _within(value: float, limit: float) -> str:
    return "reached" if value <= limit else "**missed**"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.growth", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="length of a run (10)")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds, of which the median counts (5)")
    parser.add_argument("--rows", type=numbers, default=(0, 1_000_000, 5_000_000), help="rows (0,1000000,5000000)")
    parser.add_argument("--connections", type=numbers, default=(32, 100), help="how many at once (32,100)")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help="the document to write to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    look_at(chosen.output, "growth", parser)
    return chosen


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    chosen = options(arguments)
    unwind_when_terminated()
    try:
        prepare(())
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            for rows in chosen.rows:
                fill(postgresql, rows)
            # Before the load, which adds signals of today.
            seeds = {
                rows: asyncio.run(seed_query(postgresql.url(contestant_with(rows).database))) for rows in chosen.rows
            }
            runs = measure(chosen, postgresql, folder)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    around["Runs"] = f"{chosen.rounds} rounds of {chosen.seconds} s"
    publish(chosen.output, "growth", arguments, around, report(runs, seeds))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
