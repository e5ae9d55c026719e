"""`make bench-keyring`: what 100,000 producers cost a process: its start, its memory, a change, a request.

A process of its own for each number of producers, since memory is not given back.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

import asyncpg
import psutil  # type: ignore[import-untyped]
import uvloop

from service.following.follower import Follower
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks
from service.kernel.timestamps import utc_now
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.postgres.pool import Pool
from service.proof.signing import RESENT_FOR
from service.server import GC_ALLOCATIONS
from tests.performance import proving
from tests.performance.arithmetic import InvalidRun
from tests.performance.bench import DOCUMENT, look_at, scratch_folder, unwind_when_terminated
from tests.performance.contestants import CannotStart
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.machine import facts
from tests.performance.proving import KEYS, SHARED, name_of
from tests.performance.report import publish, table
from tests.performance.signed import SECRET

SEALING_KEY = bytes(32)
FINDS = 200_000
TICK_SECONDS = 0.001

FIGURES = {
    "load_seconds": "seconds until all keys are known",
    "memory_mb": "MB of memory more",
    "lag_ms": "longest time that a request would wait meanwhile, ms",
    "find_ns": "nanoseconds to find the keys of a producer",
    "change_ms": "ms until a revocation is known (median of 20)",
    "compare_seconds": "seconds to compare everything",
    "compare_lag_ms": "longest time that a request would wait meanwhile, ms ",
}


async def register(url: str, count: int) -> None:
    """Register so many producers with a key each."""
    sealing = SealingKeys([SEALING_KEY])
    rows = [(uuid4(), name_of(number)) for number in range(count)]
    keys = [(id, name, sealing.seal(SECRET.encode(), key_id=id, producer=name)) for id, name in rows]
    connection = await asyncpg.connect(url)
    await connection.execute("TRUNCATE producers CASCADE")
    async with connection.transaction():
        await connection.copy_records_to_table("producers", records=[(name,) for _, name in rows], columns=["name"])
        columns = ["id", "producer", "sealed"]
        await connection.copy_records_to_table("producer_keys", records=keys, columns=columns)
    await connection.execute("ANALYZE producers, producer_keys")
    await connection.close()


class Lag:
    """The longest time for which the event loop looked at nothing else."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self.longest = max(self.longest, time.perf_counter() - before - TICK_SECONDS)

    def stop(self) -> float:
        """The figure in milliseconds."""
        self._task.cancel()
        return self.longest * 1000


async def measure(url: str) -> dict[str, float]:
    """What this process pays for the producers of a database."""
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    limits = Limits(readiness_seconds=60)
    keyring = Keyring(b"", RESENT_FOR)
    memory = psutil.Process().memory_info().rss
    async with Pool(url, limits, size=2) as pool:
        reader = KeyringReader(pool, keyring, SealingKeys([SEALING_KEY]), limits, utc_now)
        started, lag = time.perf_counter(), Lag()
        follower = Follower([reader], pool.dedicated, limits)
        async with Tasks(**follower.work):
            await follower.first_look()
            figures = {"load_seconds": time.perf_counter() - started, "lag_ms": lag.stop()}
            figures["memory_mb"] = (psutil.Process().memory_info().rss - memory) / 1e6
            figures["find_ns"] = _find_cost(keyring)
            figures["change_ms"] = median([await _change(url, keyring, number) for number in range(20)])
            started, lag = time.perf_counter(), Lag()
            await reader.compare()
            return figures | {"compare_seconds": time.perf_counter() - started, "compare_lag_ms": lag.stop()}


def _find_cost(keyring: Keyring) -> float:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    names = [name_of(number * 7919 % len(keyring.producers)) for number in range(FINDS)]
    started = time.perf_counter()
    for name in names:
        keyring.find(name, now)
    return (time.perf_counter() - started) / FINDS * 1e9


async def _change(url: str, keyring: Keyring, number: int) -> float:
    connection = await asyncpg.connect(url)
    name = name_of(number)
    await connection.execute("UPDATE producer_keys SET revoked_at = now() WHERE producer = $1", name)
    started = time.perf_counter()
    while keyring.find(name, utc_now()):  # noqa: ASYNC110  # the keyring tells nobody
        await asyncio.sleep(TICK_SECONDS)
    await connection.close()
    return (time.perf_counter() - started) * 1000


def in_another_process(url: str) -> dict[str, float]:
    """The same, measured by a process that has done nothing else."""
    command = [sys.executable, "-m", "tests.performance.keyring", "--measure", url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def look_at_all(postgresql: PostgreSQL, folder: Path, producers: Sequence[int], rounds: int) -> str:
    """The figures for each number of producers, and what requests cost with the last of them."""
    for contestant in (SHARED, KEYS):
        postgresql.create_migrated(contestant.database)
    url = postgresql.url(KEYS.database)
    found = {}
    for count in producers:
        asyncio.run(register(url, count))
        found[count] = in_another_process(url)
    # Some keys were revoked meanwhile.
    asyncio.run(register(url, producers[-1]))
    sealing_key = urlsafe_b64encode(SEALING_KEY).decode()
    costs = proving.measure(postgresql, folder, rounds, producers[-1], sealing_key)
    rows: Iterable[list[str]] = (
        [title.strip(), *(f"{figures[name]:,.3g}" for figures in found.values())] for name, title in FIGURES.items()
    )
    known = table(["", *(f"{count:,} producers" for count in found)], rows)
    return f"{known}\n\n{proving.report(costs, producers[-1])}"


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.keyring", description=__doc__)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--producers", type=int, nargs="+", default=[100, 100_000], help="how many (100 100000)")
    parser.add_argument("--rounds", type=int, default=10, help="of requests, of which the median counts (10)")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help="the document to write to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    if chosen.measure:
        print(json.dumps(uvloop.run(measure(chosen.measure))))
        return 0
    look_at(chosen.output, "keyring", parser)
    unwind_when_terminated()
    try:
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            figures = look_at_all(postgresql, folder, chosen.producers, chosen.rounds)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    publish(chosen.output, "keyring", arguments, around, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
