"""`make bench-months`: what months cost, with millions of signals. `--help` lists the options.

The migration that makes the table one of months, and its undoing: how long they take, and how long they keep others
out. Inserts into one table and into 24. A page of 100 out of the middle of the feed. The locks of each hot statement.
Inserts while 32 readers read one month, or 24.
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
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from service.feed.position import Position
from service.feed.statement import Asked, look, newest, one
from service.lives.snapshot import snapshot
from service.months.making import make
from service.months.month import Month
from service.months.partitions import partitions
from service.postgres import schema
from service.receipts.statement import NewSignal, find, insert
from tests.performance.arithmetic import InvalidRun, percentile
from tests.performance.bench import DOCUMENT, look_at, scratch_folder, unwind_when_terminated
from tests.performance.contestants import CannotStart
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.machine import facts
from tests.performance.report import publish, table

BATCH, BATCHES, ROUNDS = 64, 300, 5
PAGES, READERS, READ_MONTHS = 1000, 32, 24
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

LOCKED = "SELECT DISTINCT mode FROM pg_locks WHERE relation = to_regclass('signals') AND pid <> pg_backend_pid()"

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
    row = NewSignal("bench", "XAUUSD", 0, now, b'{"price":1950.50,"note":"%b"}' % (b"n" * 100), 1)
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


async def page_ms(url: str, first: int, names: tuple[str, ...] | None = None) -> list[float]:
    """Milliseconds of pages of 100 after so many signals, again from there after the last: of everything, or of these
    instruments."""
    connection = await asyncpg.connect(url)
    begin = place = Position(*await connection.fetchrow(MIDDLE, first))
    taken = []
    for _ in range(PAGES):
        started = time.perf_counter()
        async with snapshot(connection):
            found = await look(connection, Asked(after=place, rows=100, names=names))
        taken.append((time.perf_counter() - started) * 1000)
        place = begin if found.all else found.position
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


async def beside_readers(url: str, rows: int) -> float:
    """Signals a second while others read."""
    async with readers(url, rows):
        return max([await insert_rate(url) for _ in range(ROUNDS)])


async def waiting(url: str, work: list[str], environment: dict[str, str]) -> tuple[float, float, set[str]]:
    """Seconds that a command takes, the longest that a signal waited meanwhile, and the locks that were seen on the
    table."""
    connection, locked = await asyncpg.connect(url), set[str]()
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
        locked.update(row["mode"] for row in await connection.fetch(LOCKED))
        await asyncio.sleep(0.01)
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds, longest, locked


Told = list[list[str]]
"""Lines of a table: what was measured, the aim, and what came out."""


def migrations(postgresql: PostgreSQL, rows: int) -> Told:
    """The migration on a table without months, and back."""
    name = "before_months"
    postgresql.create_migrated(name)
    url = postgresql.url(name)
    while "13_" not in asyncio.run(schema.migrate(url, down=True))[0]:
        pass
    begin, end = (Month.of(datetime.now(UTC)).later(later).lower.int >> 80 for later in (-12, 0))
    asyncio.run(fill(url, rows, begin, end))
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "service", "migrate"]
    told = []
    for what, arguments in (("up, from one table", []), *[("down, one migration", ["--down"])] * 3):
        seconds, longest, locked = asyncio.run(waiting(url, [*command, *arguments], environment))
        aim = "" if arguments else "no signal waits for a second"
        came = (
            f"{seconds:.2f} s; a signal waited {longest * 1000:.0f} ms; seen {', '.join(sorted(locked)) or 'no lock'}"
        )
        told.append([f"migrate {what}, {rows:,} rows", aim, came])
    return told


def inserts(postgresql: PostgreSQL) -> Told:
    """Signals into one table of a month, and into 24."""
    postgresql.create_migrated("one")
    postgresql.create_migrated("many")
    one_url, many_url = postgresql.url("one"), postgresql.url("many")
    first = parts(many_url, 24)
    months = [first.later(later) for later in range(24)]
    one = "one table"
    ways = {one: (one_url, []), "one of 24 months": (many_url, []), "24 months in turn": (many_url, months)}
    rates: dict[str, list[float]] = {what: [] for what in ways}
    for _ in range(ROUNDS):
        for what, way in ways.items():
            rates[what].append(asyncio.run(insert_rate(*way)))
    found = {what: percentile(taken, 50) for what, taken in rates.items()}
    aim = f"at least 90 % of {found[one]:,.0f}"
    return [
        [f"signals/s of one session into {what}", "" if what == one else aim, f"{rate:,.0f} ({rate / found[one]:.0%})"]
        for what, rate in found.items()
    ]


def with_so_many(postgresql: PostgreSQL, months: int, rows: int) -> Told:
    """Pages, and the locks of each statement, where there are so many months."""
    url, begin, end = _with_months(postgresql, f"months_{months}", months)
    told = []
    if rows:
        asyncio.run(fill(url, rows, begin, end))
        for what, aim, first, names in (
            ("one instrument in the last day", "p99 under 5 ms", rows - rows // 365, ("I7",)),
            ("everything, from the middle on", "", rows // 2, None),
        ):
            taken = asyncio.run(page_ms(url, first, names))
            came = f"p50 {percentile(taken, 50):.2f} ms, p99 {percentile(taken, 99):.2f} ms"
            told.append([f"a page of 100 of {what}; {rows:,} rows in {months} months", aim, came])
    held = {work: f"{max(counts)}" for work, counts in asyncio.run(locks(url)).items()}
    locked = ", ".join(f"{work.replace('_', ' ')} {count}" for work, count in held.items())
    return [*told, [f"locks that a statement holds at most in ten runs, {months} months", "", locked]]


def beside_so_many(postgresql: PostgreSQL, rows: int) -> Told:
    """Signals stored while others read, with one month and with many: what both share is the machine."""
    rates = {}
    for months in (1, READ_MONTHS):
        url, begin, end = _with_months(postgresql, f"read_{months}", months)
        asyncio.run(fill(url, rows, begin, end))
        rates[months] = asyncio.run(beside_readers(url, rows))
    one, many = rates.values()
    what = f"signals/s of one session while {READERS} readers read"
    aim = f"at least 90 % of {one:,.0f}"
    return [
        [f"{what} one month", "", f"{one:,.0f}"],
        [f"{what} {READ_MONTHS} months", aim, f"{many:,.0f} ({many / one:.0%})"],
    ]


def _with_months(postgresql: PostgreSQL, name: str, months: int) -> tuple[str, int, int]:
    """A new database with so many months, and from when to when they go, in milliseconds since 1970."""
    postgresql.create_migrated(name)
    url = postgresql.url(name)
    start = parts(url, months - 1)
    return url, start.later(-1).lower.int >> 80, start.later(months - 1).lower.int >> 80


def look_at_all(postgresql: PostgreSQL, rows: int) -> str:
    """Everything, one after the other; each line is shown as soon as it is known."""
    told: Told = []
    for work in (
        partial(migrations, postgresql, rows),
        partial(inserts, postgresql),
        partial(with_so_many, postgresql, 3, 0),
        partial(with_so_many, postgresql, 12, rows),
        partial(with_so_many, postgresql, READ_MONTHS, 0),
        partial(with_so_many, postgresql, 36, 0),
        partial(beside_so_many, postgresql, rows // 5),
    ):
        told += (found := work())
        print(table(["", "", ""], found), flush=True)
    return table(["", "aim", "measured"], told)


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.performance.months",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=5_000_000, help="how many signals are there (5000000)")
    parser.add_argument("--output", type=Path, default=DOCUMENT, help="the document to write to (docs/performance.md)")
    chosen = parser.parse_args(arguments)
    look_at(chosen.output, "months", parser)
    unwind_when_terminated()
    try:
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            figures = look_at_all(postgresql, chosen.rows)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    publish(chosen.output, "months", arguments, around, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
