"""`make bench-months`: what months cost, with millions of signals. `--help` lists the options.

The migration that makes the table one of months, and its undoing: how long they take, and how long they keep others
out. Inserts into one table and into 24. A page of 100 out of the middle of the feed. The locks of each hot statement.
Inserts while 32 readers read.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from service.feed.position import Position
from service.feed.statement import Asked, look, newest, one, snapshot
from service.months.making import make
from service.months.month import Month
from service.months.partitions import partitions
from service.postgres import schema
from service.receipts.statement import NewSignal, find, insert
from tests.performance.arithmetic import percentile
from tests.performance.bench import scratch_folder
from tests.performance.database import PostgreSQL, throw_away_postgresql

BATCH, BATCHES, ROUNDS = 64, 300, 5
PAGES, READERS, READING_SECONDS = 1000, 32, 10
CHUNK = 250_000

FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload, created_at, updated_at, epoch, xact)
SELECT (lpad(to_hex($3::bigint + (n - 1) * ($4::bigint - $3::bigint) / $5::bigint), 12, '0')
        || substr(md5(n::text), 13))::uuid,
    'bot-' || n % 40, 'I' || n % 50, n % 2, now(), jsonb_build_object('ticket', n, 'note', repeat('n', 100)), now(),
    now(), 0, (1 + n / 1000)::text::xid8
FROM generate_series($1::bigint, $2::bigint) AS n
"""
"""In the order of their ids, of a former life, so that all of them can be read."""

MIDDLE = "SELECT epoch, xact, id FROM signals ORDER BY epoch, xact, id OFFSET $1 LIMIT 1"

LOCKS = "SELECT count(*), count(*) FILTER (WHERE NOT fastpath) FROM pg_locks WHERE pid = pg_backend_pid()"


def parts(url: str, months: int) -> Month:
    """Make so many months after the first table; the first of them."""

    async def run() -> Month:
        connection = await asyncpg.connect(url)
        first = Month.of_id((await partitions(connection))[0].upper)
        for later in range(months):
            await make(connection, first.later(later))
        await connection.close()
        return first

    return asyncio.run(run())


async def fill(url: str, rows: int, begin: int, end: int) -> None:
    """Spread signals over a time."""
    connection = await asyncpg.connect(url, timeout=60)
    for first in range(1, rows + 1, CHUNK):
        await connection.execute(FILL, first, min(first + CHUNK - 1, rows), begin, end, rows)
        print(f"{min(first + CHUNK - 1, rows):,} of {rows:,} signals filled in", flush=True)
    await connection.execute("VACUUM ANALYZE signals")
    await connection.close()


def batch(month: Month | None = None) -> Mapping[UUID, NewSignal]:
    """Signals as the writer stores them together."""
    now = datetime.now(UTC)
    row = NewSignal("bench", "XAUUSD", 0, now, b'{"price":1950.50,"note":"%b"}' % (b"n" * 100), 1, None)
    shift = 0 if month is None else month.lower.int - (Month.of(now).lower.int)
    return {UUID(int=uuid7().int + shift): row for _ in range(BATCH)}


async def insert_rate(url: str, months: Sequence[Month] = ()) -> float:
    """Signals a second of one session, into the present month or round these."""
    connection = await asyncpg.connect(url)
    batches = [batch(months[number % len(months)] if months else None) for number in range(BATCHES)]
    started = time.perf_counter()
    for each in batches:
        await insert(connection, each)
    seconds = time.perf_counter() - started
    await connection.close()
    return BATCHES * BATCH / seconds


async def page_ms(url: str, rows: int) -> list[float]:
    """Milliseconds of pages of 100, out of the middle of the feed."""
    connection = await asyncpg.connect(url)
    place = Position(*await connection.fetchrow(MIDDLE, rows // 2))
    taken = []
    for _ in range(PAGES):
        started = time.perf_counter()
        async with snapshot(connection):
            found = await look(connection, Asked(after=place, rows=100))
        taken.append((time.perf_counter() - started) * 1000)
        place = found.position
    await connection.close()
    return taken


async def locks(url: str) -> dict[str, list[int]]:
    """How many locks each hot statement holds, on ten runs of one session."""
    connection = await asyncpg.connect(url)
    found: dict[str, list[int]] = {}

    async def insert_one() -> None:
        await insert(connection, dict([*batch().items()][:1]))

    async def read_one() -> None:
        await one(connection, uuid7())

    async def find_one() -> None:
        await find(connection, dict([*batch().items()][:1]))

    async def read_page() -> None:
        await look(connection, Asked(rows=100))

    async def read_end() -> None:
        await newest(connection)

    for work in (insert_one, find_one, read_one, read_page, read_end):
        held = []
        for _ in range(10):
            transaction = connection.transaction()
            await transaction.start()
            await work()
            held.append((await connection.fetchrow(LOCKS))[0])
            await transaction.rollback()
        found[work.__name__] = held
    await connection.close()
    return found


@asynccontextmanager
async def readers(url: str, rows: int) -> AsyncIterator[list[int]]:
    """So many sessions that read page after page; how many pages they have read."""
    pages = [0]

    async def read(number: int) -> None:
        connection = await asyncpg.connect(url)
        try:
            start = Position(*await connection.fetchrow(MIDDLE, number * rows // READERS))
            while True:
                async with snapshot(connection):
                    found = await look(connection, Asked(after=start, rows=100))
                start = found.position
                pages[0] += 1
                await asyncio.sleep(0.25)  # four pages a second each
        finally:
            await connection.close()

    tasks = [asyncio.create_task(read(number)) for number in range(READERS)]
    yield pages
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def beside_readers(url: str, rows: int) -> tuple[float, float]:
    """Signals a second, alone and while others read."""
    alone = max([await insert_rate(url) for _ in range(ROUNDS)])
    async with readers(url, rows):
        return alone, max([await insert_rate(url) for _ in range(ROUNDS)])


async def waiting(url: str, work: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds that a command takes, and the longest that a signal waited meanwhile."""
    connection = await asyncpg.connect(url)
    process = await asyncio.create_subprocess_exec(*work, env=environment, stdout=subprocess.DEVNULL)
    started, longest = time.perf_counter(), 0.0
    done = asyncio.create_task(process.wait())
    while not done.done():
        began = time.perf_counter()
        try:
            await insert(connection, dict([*batch().items()][:1]))
        except asyncpg.PostgresError as error:  # a plan of before
            print(f"{type(error).__name__}: {error}", flush=True)
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(0.01)
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds, longest


def migrations(postgresql: PostgreSQL, rows: int) -> None:
    """The migration on a table without months, and back."""
    name = "before_months"
    postgresql.create_migrated(name)
    url = postgresql.url(name)
    while "13_" not in (undone := asyncio.run(schema.migrate(url, down=True)))[0]:
        print(f"undone: {undone[0]}", flush=True)
    begin, end = (Month.of(datetime.now(UTC)).later(later).lower.int >> 80 for later in (-12, 0))
    asyncio.run(fill(url, rows, begin, end))
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "service", "migrate"]
    for name, arguments in (("up", []), ("down", ["--down"]), ("down", ["--down"]), ("down", ["--down"])):
        seconds, longest = asyncio.run(waiting(url, [*command, *arguments], environment))
        print(f"migrate {name}: {seconds:.2f} s, the longest wait of a signal {longest * 1000:.0f} ms", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    chosen = parser.parse_args(arguments)
    with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
        migrations(postgresql, chosen.rows)
        postgresql.create_migrated("one")
        one_url = postgresql.url("one")
        postgresql.create_migrated("many")
        many_url = postgresql.url("many")
        first = parts(many_url, 24)
        rates: dict[str, list[float]] = {"one table": [], "24 months, into one": [], "24 months, round all": []}
        for _ in range(ROUNDS):
            rates["one table"].append(asyncio.run(insert_rate(one_url)))
            rates["24 months, into one"].append(asyncio.run(insert_rate(many_url)))
            rates["24 months, round all"].append(
                asyncio.run(insert_rate(many_url, [first.later(later) for later in range(24)]))
            )
        for what, found in rates.items():
            print(f"insert, {what}: {percentile(found, 50):,.0f}/s ({min(found):,.0f} to {max(found):,.0f})")
        for months in (3, 12, 24, 36):
            name = f"months_{months}"
            postgresql.create_migrated(name)
            url = postgresql.url(name)
            start = parts(url, months - 1)
            if months in (12, 24):
                rows = chosen.rows if months == 12 else chosen.rows // 5
                begin, end = start.later(-1).lower.int >> 80, start.later(months - 1).lower.int >> 80
                asyncio.run(fill(url, rows, begin, end))
                taken = asyncio.run(page_ms(url, rows))
                print(f"page of 100, {rows:,} rows, {months} months: p50 {percentile(taken, 50):.2f} ms, "
                      f"p99 {percentile(taken, 99):.2f} ms (aim 5)")  # fmt: skip
            if months == 24:
                alone, beside = asyncio.run(beside_readers(url, chosen.rows // 5))
                print(f"inserts beside {READERS} readers: {beside:,.0f}/s, {1 - beside / alone:.0%} less than alone")
            print(f"locks, {months} months: {asyncio.run(locks(url))}")


if __name__ == "__main__":
    main()
