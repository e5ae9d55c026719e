"""What the index of payloads costs a signal, and saves who looks for something: a part of `make bench-reading`."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from service.payloads import index as payload_index
from service.postgres.orm import orm
from service.receipts.statement import NewSignal, insert
from tests.performance.database import fill

ROWS = 200_000
BATCHES, BATCH_ROWS = 100, 256

FIGURES = {
    "insert_us": f"a signal, stored with {BATCH_ROWS - 1} others in one statement, microseconds",
    "pages": f"pages until one signal of {ROWS:,} is found by its content, and no more is there",
    "seconds": "seconds for these",
    "made_seconds": "seconds in which the index was made",
    "index_mib": "MiB that the index takes",
}

_FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload)
SELECT gen_random_uuid(), 'bench', 'I' || n % 50, 0, now(),
    jsonb_build_object('order', n, 'kind', n % 5, 'price', 1950.50 + n, 'note', repeat('n', 200))
FROM generate_series(1, $1) AS n
"""

_MIB = f"SELECT sum(pg_relation_size(relid)) / 1048576.0 FROM pg_partition_tree('{payload_index.NAME}')"  # nosec B608


def measure(url: str, port: int) -> dict[str, dict[str, float]]:
    """Both runs, of a database that nobody else uses and of a service on it: without the index, and with it."""
    asyncio.run(fill(url, _FILL, ROWS))
    without = {"insert_us": asyncio.run(_insert(url)), **_find(port)}
    started = time.perf_counter()
    asyncio.run(_make(url))
    made = time.perf_counter() - started
    size = asyncio.run(_size(url))
    found = {"insert_us": asyncio.run(_insert(url)), **_find(port), "made_seconds": made, "index_mib": size}
    return {"without the index": without, "with it": found}


async def _make(url: str) -> None:
    async with orm(url):
        await payload_index.create(url, "bench")


async def _size(url: str) -> float:
    connection = await asyncpg.connect(url)
    size = float(await connection.fetchval(_MIB))
    await connection.close()
    return size


async def _insert(url: str) -> float:
    connection = await asyncpg.connect(url)
    started = time.perf_counter()
    for number in range(BATCHES):
        await insert(connection, _batch(ROWS + number * BATCH_ROWS))
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds / (BATCHES * BATCH_ROWS) * 1e6


def _batch(start: int) -> Mapping[UUID, NewSignal]:
    now, note = datetime.now(UTC), b"n" * 200
    payloads = (
        b'{"order":%d,"kind":%d,"price":%d.50,"note":"%b"}' % (number, number % 5, number, note)
        for number in range(start, start + BATCH_ROWS)
    )
    return {uuid7(): NewSignal("bench", "XAUUSD", 0, now, payload, 1) for payload in payloads}


def _find(port: int) -> dict[str, float]:
    query, pages, more = {"payload": f'{{"order":{ROWS}}}'}, 0, True
    started = time.perf_counter()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        while more:
            page = client.get("/api/v1/feed", params=query).raise_for_status().json()
            query, pages, more = {**query, "after": page["cursor"]}, pages + 1, page["more"]
    return {"pages": pages, "seconds": time.perf_counter() - started}
