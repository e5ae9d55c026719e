"""`make bench-footprint`: what a signal takes, wherever it goes: processor, log of the database, disk, network.

Its bytes are the same on every machine. Its processor time is that of the processes themselves, so that the clients do
not count.
"""

import argparse
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Self

import psutil  # type: ignore[import-untyped]

from tests.performance.arithmetic import InvalidRun
from tests.performance.bench import DOCUMENT, look_at, scratch_folder, unwind_when_terminated
from tests.performance.contestants import OURS, CannotStart, Server, running
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.floods import as_sent, flood_cost
from tests.performance.machine import facts
from tests.performance.report import publish, table
from tests.performance.signed import signed_request

POOL = 10
NUMBERS = {300: 8000, 8192: 2000}
"""How many signals of each size are sent, over so many connections that several share a commit."""
LOG = "pg_current_wal_insert_lsn() - '0/0'"
"""How many bytes the server has ever written to its log."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What each signal takes of one size: microseconds of processor, and bytes. A receipt is kept for 15 minutes."""

    service_us: float
    postgresql_us: float
    wal: float
    signal: float
    receipt: float
    request: float

    @classmethod
    def typical(cls, found: Sequence[Self]) -> Self:
        """The median of each figure."""
        return cls(*map(median, zip(*map(astuple, found), strict=True)))


TITLES = {
    "service_us": "processor, the service, µs",
    "postgresql_us": "processor, PostgreSQL, µs",
    "wal": "log of the database, bytes",
    "signal": "disk, the signal with its indexes, bytes",
    "receipt": "disk, its receipt, bytes",
    "request": "network, from the producer, bytes",
}


def postgresql_seconds(postgresql: PostgreSQL) -> float:
    """How long the living processes of the server have been at work; those of the service's pool stay."""
    folder = Path(postgresql.sql("postgres", "SHOW data_directory"))
    server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    seconds = 0.0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _bytes(postgresql: PostgreSQL, expression: str) -> float:
    return float(postgresql.sql(OURS.database, f"SELECT {expression}"))


def measure(server: Server, postgresql: PostgreSQL, size: int, number: int) -> Footprint:
    """Sends signals of one size to empty tables. Raises InvalidRun when one is not stored."""
    postgresql.empty(OURS.database)
    postgresql.settle(OURS.database)
    requests = [as_sent(*signed_request(size)) for _ in range(number)]
    log, busy = _bytes(postgresql, LOG), postgresql_seconds(postgresql)
    service_us = flood_cost(server, requests, 201)
    return Footprint(
        service_us=service_us,
        postgresql_us=(postgresql_seconds(postgresql) - busy) / number * 1e6,
        wal=(_bytes(postgresql, LOG) - log) / number,
        signal=_bytes(postgresql, "sum(pg_total_relation_size(relid)) FROM pg_partition_tree('signals')") / number,
        receipt=_bytes(postgresql, "pg_total_relation_size('receipts')") / number,
        request=sum(map(len, requests)) / number,
    )


def report(found: Mapping[int, Footprint]) -> str:
    """The figures, a column for each size."""
    rows = (
        [TITLES[field.name], *(f"{getattr(footprint, field.name):,.0f}" for footprint in found.values())]
        for field in fields(Footprint)
    )
    return table(["for each signal", *(f"{size:,}-byte bodies" for size in found)], rows)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.footprint", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (5)")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help="the document to write to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    look_at(chosen.output, "footprint", parser)
    unwind_when_terminated()
    found: dict[int, list[Footprint]] = defaultdict(list)
    try:
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            postgresql.create_migrated(OURS.database)
            with running(OURS, postgresql, folder, 1, POOL) as server:
                for turn in range(chosen.rounds + 1):
                    for size, number in NUMBERS.items():
                        footprint = measure(server, postgresql, size, number)
                        print(f"round {turn}: {footprint}", flush=True)
                        # The first round warms up.
                        if turn:
                            found[size].append(footprint)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    typical = {size: Footprint.typical(footprints) for size, footprints in found.items()}
    publish(chosen.output, "footprint", arguments, around, report(typical))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
