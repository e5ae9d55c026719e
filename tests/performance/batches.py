"""`make bench-batches`: batches in one process, beside Fastify with one insert of many rows and COPY into the same
table; single signals meanwhile; and what each kind of receipt costs."""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import asyncpg
from uuid_utils.compat import uuid7

from tests.performance.arithmetic import InvalidRun
from tests.performance.bench import DOCUMENT, look_at, scratch_folder, unwind_when_terminated
from tests.performance.contestants import NODE, OURS, CannotStart, Contestant, Server, prepare_node, running
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.floods import as_sent
from tests.performance.machine import facts
from tests.performance.report import publish, table
from tests.performance.signed import headers_for, signed_request
from tests.speaking.connection import Connection
from tests.speaking.exchange import BATCH

ITEMS, SIZE, POOL = 500, 300, 10
CONNECTIONS = 4
WANTED_PER_SECOND, WANTED_OF_COPY, WANTED_OF_FASTIFY, WANTED_P99_MS = 20_000, 0.5, 1.2, 50
SINGLES_PER_SECOND = 50

OURS_PLAIN, OURS_KEYED, OURS_LOOKING = "batches", "with a key", "with duplicates looked for"
FASTIFY, COPY, P99 = "Fastify and `postgres`, one insert of many rows", "COPY, without HTTP", "p99"


def batch_requests(number: int, *, keyed: bool = False) -> list[bytes]:
    """So many signed batches, as they go over the wire; every signal in them is at another microsecond."""
    microseconds = count()
    return [_batch_request(islice(microseconds, ITEMS), keyed) for _ in range(number)]


def _batch_request(microseconds: Iterable[int], keyed: bool) -> bytes:
    items = [signed_request(SIZE)[0].replace(b'Z","payload"', b'.%06dZ","payload"' % each) for each in microseconds]
    body = b'{"signals":[' + b",".join(items) + b"]}"
    headers = headers_for(body, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
    if keyed:
        headers["Idempotency-Key"] = str(uuid4())
    return as_sent(body, headers).replace(b"POST /api/v1/signals ", f"POST {BATCH} ".encode(), 1)


async def _ask_all(port: int, requests: Sequence[bytes]) -> None:
    connection = Connection(port)
    try:
        for request in requests:
            answer = await connection.ask(request)
            if answer.status != 201:
                raise InvalidRun(f"a batch was answered {answer.label}")
    finally:
        connection.close()


async def stream(server: Server, requests: Sequence[bytes]) -> float:
    """Send batches over a few connections; signals a second."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for lane in range(CONNECTIONS):
            group.create_task(_ask_all(server.port, requests[lane::CONNECTIONS]))
    return ITEMS * len(requests) / (time.perf_counter() - started)


async def stream_beside_singles(server: Server, requests: Sequence[bytes]) -> list[float]:
    """The milliseconds that single signals take while batches stream in."""
    taken: list[float] = []
    batches = asyncio.create_task(stream(server, requests))
    connection = Connection(server.port)
    while not batches.done():
        answer = await connection.ask(as_sent(*signed_request(SIZE)))
        if answer.status != 201:
            raise InvalidRun(f"a signal was answered {answer.label}")
        taken.append(answer.seconds * 1000)
        await asyncio.sleep(1 / SINGLES_PER_SECOND)
    connection.close()
    await batches
    return taken


async def copy(url: str, rows: int) -> float:
    """COPY as many such signals into the same table, a commit for as many as a batch has; signals a second."""
    body, _ = signed_request(SIZE)
    payload = json.dumps(json.loads(body)["payload"])
    now = datetime.now(UTC)
    parts = [[(uuid7(), "bench", "XAUUSD", 0, now, payload, 1) for _ in range(ITEMS)] for _ in range(rows // ITEMS)]
    columns = ["id", "producer_id", "instrument", "side", "time", "payload", "version"]
    connection = await asyncpg.connect(url)
    started = time.perf_counter()
    for part in parts:
        await connection.copy_records_to_table("signals", records=part, columns=columns)
    taken = time.perf_counter() - started
    await connection.close()
    return rows / taken


def measure(postgresql: PostgreSQL, folder: Path, rounds: int, batches: int) -> Mapping[str, float]:
    """The figures, each the median of its rounds, in turn with the others."""
    found: dict[str, list[float]] = {name: [] for name in (OURS_PLAIN, OURS_KEYED, OURS_LOOKING, FASTIFY, COPY)}
    singles: list[float] = []
    with (
        running(OURS, postgresql, folder, 1, POOL) as server,
        running(OURS, postgresql, folder, 1, POOL, {"SIGNALS_DUPLICATES": "return"}) as looking,
        running(NODE, postgresql, folder, 1, POOL) as fastify,
    ):
        servers = {OURS_PLAIN: server, OURS_KEYED: server, OURS_LOOKING: looking, FASTIFY: fastify}
        for turn in range(rounds + 1):
            for name, one in servers.items():
                requests = batch_requests(batches, keyed=name == OURS_KEYED)
                _prepare_table(postgresql, one.contestant)
                _note(found, turn, name, asyncio.run(stream(one, requests)))
                _check_rows(postgresql, one.contestant, batches * ITEMS)
            _prepare_table(postgresql, OURS)
            _note(found, turn, COPY, asyncio.run(copy(postgresql.url(OURS.database), batches * ITEMS)))
            requests = batch_requests(batches)
            singles += asyncio.run(stream_beside_singles(server, requests)) if turn else []
    return {name: median(each) for name, each in found.items()} | {P99: quantiles(singles, n=100)[-1]}


def _prepare_table(postgresql: PostgreSQL, contestant: Contestant) -> None:
    postgresql.empty(contestant.database)
    postgresql.settle(contestant.database)


def _check_rows(postgresql: PostgreSQL, contestant: Contestant, wanted: int) -> None:
    if postgresql.rows(contestant.database) != wanted:
        raise InvalidRun(f"{contestant.title}: {postgresql.rows(contestant.database)} rows, not {wanted}")


def _note(found: dict[str, list[float]], turn: int, name: str, figure: float) -> None:
    print(f"round {turn}, {name}: {figure:,.0f} signals/s", flush=True)
    # The first round warms up.
    if turn:
        found[name].append(figure)


def report(figures: Mapping[str, float]) -> str:
    """The figures, and whether the aims are reached."""
    ours = figures[OURS_PLAIN]
    of_copy, of_fastify = ours / figures[COPY], ours / figures[FASTIFY]
    aims = [
        (f"at least {WANTED_PER_SECOND:,} signals/s", f"{ours:,.0f}", ours >= WANTED_PER_SECOND),
        (f"at least {WANTED_OF_COPY} of COPY", f"{of_copy:.2f}", of_copy >= WANTED_OF_COPY),
        (f"at least {WANTED_OF_FASTIFY} times Fastify", f"{of_fastify:.2f}", of_fastify >= WANTED_OF_FASTIFY),
        (
            f"single signals meanwhile: p99 under {WANTED_P99_MS} ms",
            f"{figures[P99]:.1f} ms",
            figures[P99] < WANTED_P99_MS,
        ),
    ]
    rates = table(
        [f"batches of {ITEMS}, {SIZE} bytes each, signed", "signals/s"],
        [[name, f"{figure:,.0f}"] for name, figure in figures.items() if name != P99],
    )
    judged = [[aim, figure, "reached" if reached else "**missed**"] for aim, figure, reached in aims]
    return f"{rates}\n\n{table(['aim', 'measured', ''], judged)}"


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.batches", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which the median counts (5)")
    parser.add_argument("--batches", type=int, default=200, help="in each (200)")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help="the document to write to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    look_at(chosen.output, "batches", parser)
    unwind_when_terminated()
    try:
        prepare_node()
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            for contestant in (OURS, NODE):
                postgresql.create_migrated(contestant.database)
            figures = measure(postgresql, folder, chosen.rounds, chosen.batches)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    publish(chosen.output, "batches", arguments, around, report(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
