"""How fast pages of the feed leave one process: a part of `make bench-reading`."""

import asyncio
import time
from collections.abc import Callable, Mapping
from statistics import quantiles

from tests.performance.answers import next_answer
from tests.performance.database import fill

ROWS = 20_000
READERS = 8
LIMIT = 100
SECONDS = 10.0

AIMS = {300: 30_000, 8_000: 8_000}
"""For payloads of so many bytes, so many signals a second."""

FIGURES = {
    "signals": f"signals per second, in pages of {LIMIT}, {READERS} readers",
    "aim": "the aim",
    "p50_ms": "a page, ms: half of them",
    "p99_ms": "99 of 100",
    "service": "cores that the service takes",
    "PostgreSQL": "cores that PostgreSQL takes",
    "readers": "cores that the readers take",
}

_LARGEST = 8 * 1024 * 1024
"""How much of an answer a reader takes at once."""

_FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload)
SELECT gen_random_uuid(), 'bench', 'I' || n % 50, 0, now(), jsonb_build_object('note', (
    SELECT left(string_agg(md5(n || ' ' || part), ''), $2) FROM generate_series(0, $2 / 32) AS part
))
FROM generate_series(1, $1) AS n
"""
"""Contents that no compression makes much smaller."""

Used = Callable[[], Mapping[str, float]]
"""For how many seconds everybody has kept the processor busy, so far."""


async def measure(url: str, port: int, size: int, used: Used) -> dict[str, float]:
    """A run with payloads of `size` bytes, of a database that nobody else uses, and of a service on it."""
    await fill(url, _FILL, ROWS, size)
    before, started = used(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(_read(port, started + SECONDS)) for _ in range(READERS)]
    seconds = time.perf_counter() - started
    pages = [page for reader in readers for page in reader.result()]
    cuts = quantiles([took for took, _ in pages], n=100)
    return {
        "signals": sum(signals for _, signals in pages) / seconds,
        "aim": AIMS[size],
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        **{name: (busy - before[name]) / seconds for name, busy in used().items()},
    }


async def _read(port: int, end: float) -> list[tuple[float, int]]:
    """Page after page, from the beginning again at the end: how long each took, and how many signals it had."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST)
    pages: list[tuple[float, int]] = []
    after = b""
    while (began := time.perf_counter()) < end:
        writer.write(b"GET /api/v1/feed?limit=%d%b HTTP/1.1\r\nHost: x\r\n\r\n" % (LIMIT, after))
        status, page = await next_answer(reader)
        pages.append((time.perf_counter() - began, page.count(b'{"event":"signal"')))
        assert status == 200, page
        end_of_page = page.rpartition(b'"cursor":"')[2]
        after = b"&after=" + end_of_page.partition(b'"')[0] if b'"more":true' in end_of_page else b""
    writer.close()
    return pages
