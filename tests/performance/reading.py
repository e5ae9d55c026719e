"""`make bench-reading`: the live feed under load: how long signals take to their readers, and what that costs.

Producers and readers are processes of their own, whose cost is told apart. `--wide` is the share of the streams that
read everything; the others read one of fifty instruments each.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop

from tests.performance import contents, pages, standbys
from tests.performance.answers import next_answer
from tests.performance.bench import DOCUMENT, scratch_folder, unwind_when_terminated
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.machine import facts
from tests.performance.report import publish, table
from tests.running.environment import service_environment
from tests.running.ports import free_port
from tests.running.waiting import wait_until
from tests.speaking.event_stream import request

DATABASE, CONTENTS = "reading", "contents"
INSTRUMENTS = 50
PAYLOAD_BYTES = 300
SETTLE_SECONDS = 3.0

FIGURES = {
    "sent": "signals answered 201, per second",
    "not_created": "signals answered otherwise",
    "deliveries": "deliveries per second",
    "missing": "deliveries that are missing",
    "p50_ms": "from commit to reader, ms: half of them",
    "p99_ms": "99 of 100",
    "max_ms": "the longest",
    "service_cores": "cores that the service takes",
    "postgresql_cores": "cores that PostgreSQL takes",
    "readers_cores": "cores that the readers take",
    "producer_cores": "cores that the producer takes",
}


class Readers(asyncio.Protocol):
    """One stream. It looks for the moment in each event, and makes nothing of the rest."""

    def __init__(self, query: dict[str, str], taken: list[float], began: asyncio.Semaphore) -> None:
        self._query = query
        self._taken = taken
        self._began = began
        self._rest = b""
        self._begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask."""
        transport.write(request("127.0.0.1", self._query))

    def data_received(self, data: bytes) -> None:
        """Take the times of all events in it."""
        now = time.time()
        if not self._begun and b"\nid: " in self._rest + data:
            self._begun = True
            self._began.release()
        *parts, self._rest = (self._rest + data).split(b'"sent":')
        if parts:
            parts.append(self._rest)
            for part in parts[1:]:
                moment, end, _ = part.partition(b"}")
                if end:
                    self._taken.append(now - float(moment))
            self._rest = b"" if b"}" in self._rest else b'"sent":' + self._rest
        else:
            self._rest = self._rest[-8:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Readers stay until they are ended."""


async def read(ports: Sequence[int], streams: int, wide: float) -> None:
    """Open streams, say so, and tell at the end of the input what has come."""
    loop = asyncio.get_running_loop()
    began, taken = asyncio.Semaphore(0), list[float]()
    for number in range(streams):
        query = {} if number < streams * wide else {"instrument": f"I{number % INSTRUMENTS:02}"}
        port = ports[number % len(ports)]
        await loop.create_connection(partial(Readers, query, taken, began), "127.0.0.1", port)
    for _ in range(streams):
        await began.acquire()
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    cuts = quantiles(taken or [0.0, 0.0], n=100)
    longest = max(taken, default=0.0)
    told = {"deliveries": len(taken), "p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000, "max_ms": longest * 1000}
    print(json.dumps(told | {"cpu": _own_cpu()}), flush=True)


async def produce(port: int, rate: float, seconds: float) -> None:
    """Send signals evenly over a few connections; the moment is that at which the answer is due at the soonest."""
    created = other = 0
    queue: asyncio.Queue[int | None] = asyncio.Queue()

    async def work() -> None:
        nonlocal created, other
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (number := await queue.get()) is not None:
            writer.write(_signal(number))
            status, _ = await next_answer(reader)
            created += status == 201
            other += status != 201
        writer.close()

    workers = [asyncio.create_task(work()) for _ in range(32)]
    started = time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(started + number / rate - time.monotonic())
        queue.put_nowait(number)
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    print(json.dumps({"created": created, "other": other, "seconds": time.monotonic() - started, "cpu": _own_cpu()}))


def _signal(number: int) -> bytes:
    note = "n" * (PAYLOAD_BYTES - 50)
    body = (
        f'{{"instrument":"I{number % INSTRUMENTS:02}","side":0,"time":"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",'
        f'"payload":{{"note":"{note}","sent":{time.time():.6f}}}}}'
    ).encode()
    head = "POST /api/v1/signals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _program(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.performance.reading", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def measure(
    url: str, folder: Path, streams: int, rate: float, seconds: float, wide: float, *, across: bool
) -> dict[str, float]:
    """One run: streams of the process that the producer sends to, or of another one."""
    services = [_serve(url, folder) for _ in range(2 if across else 1)]
    try:
        ports = [port for _, port in services]
        readers = _program("--read", ports[-1], "--streams", streams, "--wide", wide)
        assert _line(readers) == "ready\n"
        ours = [psutil.Process(process.pid) for process, _ in services]
        postmaster = _postgresql()
        before = _cpu(ours), _cpu(_alive(postmaster))
        producer = _program("--produce", ports[0], "--rate", rate, "--seconds", seconds)
        sent: dict[str, Any] = json.loads(_line(producer))
        time.sleep(SETTLE_SECONDS)
        after = _cpu(ours), _cpu(_alive(postmaster))
        assert readers.stdin is not None
        readers.stdin.write("\n")
        readers.stdin.flush()
        seen: dict[str, Any] = json.loads(_line(readers))
        readers.wait()
    finally:
        for process, _ in services:
            process.terminate()
            process.wait()
    due = sent["created"] * streams * (wide + (1 - wide) / INSTRUMENTS)
    return {
        "sent": sent["created"] / sent["seconds"],
        "not_created": sent["other"],
        "deliveries": seen["deliveries"] / sent["seconds"],
        "missing": due - seen["deliveries"],
        **{name: seen[name] for name in ("p50_ms", "p99_ms", "max_ms")},
        "service_cores": (after[0] - before[0]) / sent["seconds"],
        "postgresql_cores": (after[1] - before[1]) / sent["seconds"],
        "readers_cores": seen["cpu"] / sent["seconds"],
        "producer_cores": sent["cpu"] / sent["seconds"],
    }


def _postgresql() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]


def _alive(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if process.is_running()]


def _serve(url: str, folder: Path, **more: str) -> "tuple[subprocess.Popen[bytes], int]":
    port = free_port()
    settings = {"DATABASE_URL": url, "SIGNALS_READERS": "open", "APP_LOG_LEVEL": "warning", **more}
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    with (folder / "service.log").open("ab") as log:
        process = subprocess.Popen(command, env=service_environment(settings), stdout=log, stderr=log, cwd=folder)
    wait_until(lambda: _answers(port), "the service is ready")
    return process, port


def _answers(port: int) -> bool:
    import httpx

    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def _alone(postgresql: PostgreSQL, folder: Path, database: str) -> Iterator[tuple[str, int, psutil.Process]]:
    """A database of that name, and a service on it: the URL of the one, the port and the process of the other."""
    postgresql.create_migrated(database)
    url = postgresql.url(database)
    process, port = _serve(url, folder)
    try:
        yield url, port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _by_content(postgresql: PostgreSQL, folder: Path) -> dict[str, dict[str, float]]:
    with _alone(postgresql, folder, CONTENTS) as (url, port, _):
        return contents.measure(url, port)


def _pages(postgresql: PostgreSQL, folder: Path, size: int) -> dict[str, float]:
    """The readers are this process."""
    with _alone(postgresql, folder, f"pages_{size}") as (url, port, service):

        def used() -> dict[str, float]:
            return {"service": _cpu([service]), "PostgreSQL": _cpu(_postgresql()), "readers": _own_cpu()}

        return uvloop.run(pages.measure(url, port, size, used))


def _serve_from(folder: Path, url: str, read_url: str | None) -> "tuple[subprocess.Popen[bytes], int]":
    return _serve(url, folder, **({"DATABASE_READ_URL": read_url} if read_url else {}))


def _figures(titles: Mapping[str, str], found: Mapping[str, Mapping[str, float]]) -> str:
    rows = [[title, *(f"{figures.get(name, 0):,.3g}" for figures in found.values())] for name, title in titles.items()]
    return table(["", *found], rows)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.reading", description=__doc__)
    parser.add_argument("--read", type=int, nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--produce", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--wide", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--streams", type=int, default=500, help="how many streams (500)")
    parser.add_argument("--rate", type=float, default=500, help="how many signals a second (500)")
    parser.add_argument("--seconds", type=float, default=20, help="how long each run takes (20)")
    chosen = parser.parse_args(arguments)
    if chosen.read:
        uvloop.run(read(chosen.read, chosen.streams, chosen.wide))
        return 0
    if chosen.produce:
        uvloop.run(produce(chosen.produce, chosen.rate, chosen.seconds))
        return 0
    unwind_when_terminated()
    with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
        around = facts(postgresql, folder)
        postgresql.create_migrated(DATABASE)
        runs = {
            "nobody reads": (0, 0.0, False),
            "each stream one instrument of 50": (chosen.streams, 0.0, False),
            "the same, at another process": (chosen.streams, 0.0, True),
            "each stream everything": (chosen.streams, 1.0, False),
        }
        found = {
            title: measure(postgresql.url(DATABASE), folder, streams, chosen.rate, chosen.seconds, wide, across=across)
            for title, (streams, wide, across) in runs.items()
        }
        by_page = {f"payloads of {size:,} bytes": _pages(postgresql, folder, size) for size in pages.AIMS}
        by_content = _by_content(postgresql, folder)
        by_server = standbys.measure(folder, partial(_serve_from, folder))
    tables = {pages: by_page, contents: by_content, standbys: by_server}
    more = "\n\n".join(_figures(part.FIGURES, figures) for part, figures in tables.items())
    figures = f"{_figures(FIGURES, found)}\n\n{more}"
    publish(DOCUMENT, "reading", arguments, around, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
