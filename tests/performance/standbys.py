"""What readers take from the primary, and from a standby in its place: a part of `make bench-reading`."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import quantiles

import httpx
import psutil  # type: ignore[import-untyped]

from tests.reliability.postgresql import PostgreSQL, make_template
from tests.reliability.standby import Pair, following_pair
from tests.running.waiting import until_true

ROWS = 20_000
READERS = 8
SECONDS = 10.0

FIGURES = {
    "pages": f"pages of 100 signals per second, {READERS} readers",
    "p50_ms": "a page, ms: half of them",
    "p99_ms": "99 of 100",
    "primary_cores": "cores that the primary takes",
    "standby_cores": "cores that the standby takes",
}

_FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload)
SELECT gen_random_uuid(), 'bench', 'I' || n % 50, 0, now(), jsonb_build_object('note', repeat('n', 200))
FROM generate_series(1, {}) AS n
"""

Service = tuple["subprocess.Popen[bytes]", int]
Serve = Callable[[str, str | None], Service]
"""Starts a service on a database and what it reads instead."""


def measure(folder: Path, serve: Serve) -> dict[str, dict[str, float]]:
    """Both runs, on two servers of their own."""
    return asyncio.run(_measure(folder, serve))


async def _measure(folder: Path, serve: Serve) -> dict[str, dict[str, float]]:
    places = [folder / "template", folder / "servers"]
    for place in places:
        place.mkdir()
    async with following_pair(make_template(places[0]), places[1]) as pair:
        await pair.primary.execute(_FILL.format(ROWS))
        await pair.primary.execute("VACUUM ANALYZE signals")
        sources: Mapping[str, str | None] = {"from the primary": None, "from a standby": pair.standby.url}
        return {title: await _run(pair, serve(pair.primary.url, url)) for title, url in sources.items()}


async def _run(pair: Pair, service: Service) -> dict[str, float]:
    process, port = service
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client:
            await until_true(lambda: _settled(client), "everything that is to be read is read")
            servers = [pair.primary, pair.standby]
            before = [_cpu(server) for server in servers]
            started = time.perf_counter()
            took = await asyncio.gather(*(_read(client, started + SECONDS) for _ in range(READERS)))
            seconds = time.perf_counter() - started
            used = [(_cpu(server) - earlier) / seconds for server, earlier in zip(servers, before, strict=True)]
    finally:
        process.terminate()
        process.wait()
    all_took = [each for reader in took for each in reader]
    cuts = quantiles(all_took, n=100)
    return {
        "pages": len(all_took) / seconds,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "primary_cores": used[0],
        "standby_cores": used[1],
    }


async def _settled(client: httpx.AsyncClient) -> bool:
    told = (await client.get("/ready/feed")).json()["dependencies"]
    page = (await client.get("/feed?limit=1000")).json()
    return set(told.values()) == {"connected"} and len(page["events"]) == 1000


async def _read(client: httpx.AsyncClient, end: float) -> Sequence[float]:
    """Page after page, from the beginning again at the end."""
    took: list[float] = []
    after = ""
    while (began := time.perf_counter()) < end:
        page = (await client.get(f"/feed?limit=100{after}")).json()
        took.append(time.perf_counter() - began)
        after = f"&after={page['cursor']}" if page["more"] else ""
    return took


def _cpu(server: PostgreSQL) -> float:
    family = [server.process, *server.process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family if psutil.pid_exists(each.pid))
