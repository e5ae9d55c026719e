"""The database reads pages in order out of an index, and no more than they show: with many signals, and with nothing
known of the table, as right after it was restored."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from service.feed import Filter, ages, contents, statement
from service.feed.position import Position
from service.feed.statement import Asked
from service.lives.snapshot import snapshot
from service.months.making import make
from service.months.month import Month
from service.months.partitions import partitions
from service.payloads import index as payload_index
from tests.reading.storing import insert_many
from tests.running.postgres import Database, PostgresServer

pytestmark = pytest.mark.anyio

ROWS, TRANSACTIONS = 50_000, 50

MONTHS = 12

FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload, xact)
SELECT (lpad(to_hex($3::bigint + (number - 1) * ($4::bigint - $3::bigint) / $1), 12, '0')
        || substr(md5(number::text), 13))::uuid,
    'p' || number % 20, 'I' || number % 1000, 0, now(), '{"price": 1950.50}', (number / $2)::text::xid8
FROM generate_series(1, $1::bigint) AS number
"""
"""Over all months, in the order of their ids."""

PARTS = "SELECT inhrelid::regclass::text AS part, inhparent::regclass::text AS whole FROM pg_inherits"
MIDDLE = "SELECT epoch, xact, id FROM signals ORDER BY epoch, xact, id OFFSET $1 LIMIT 1"


@pytest.fixture(scope="module", params=["nothing known", "analyzed"])
def filled(postgres: PostgresServer, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with many signals in many tables."""
    database = postgres.create()
    first = asyncio.run(make_months(database.url))
    for part in wholes(database, "signals"):
        database.execute(f"ALTER TABLE {part} SET (autovacuum_enabled = off)")
    begin, end = first.later(-1).lower.int >> 80, first.later(MONTHS).lower.int >> 80
    database.execute(FILL, ROWS, ROWS // TRANSACTIONS, begin, end)
    database.execute(f"CREATE INDEX {payload_index.NAME} ON signals {payload_index._KIND}")
    if request.param == "analyzed":
        database.execute("ANALYZE signals")
    yield database
    postgres.drop(database)


async def make_months(url: str) -> Month:
    """Make many months; returns the first of those after the first table."""
    connection = await asyncpg.connect(url)
    try:
        first = Month.of_id((await partitions(connection))[0].upper)
        for number in range(MONTHS):
            await make(connection, first.later(number))
        return first
    finally:
        await connection.close()


def wholes(database: Database, *names: str) -> dict[str, str]:
    """The tables or indexes that are parts of these, each with what it is a part of."""
    return {row["part"]: row["whole"] for row in database.fetch(PARTS) if not names or row["whole"] in names}


@pytest.fixture
async def connection(filled: Database) -> AsyncIterator[asyncpg.Connection]:
    """A session in it."""
    connection = await asyncpg.connect(filled.url)
    yield connection
    await connection.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A step of a plan and all that are below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


async def steps(connection: asyncpg.Connection, asked: Asked) -> list[dict[str, Any]]:
    """What the server does to read a page."""
    text, *values = statement._statement(asked)
    async with snapshot(connection):
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", *values)
    return [*nodes(json.loads(found)[0]["Plan"])]


def some(*names: str) -> Filter:
    return Filter(frozenset(names))


@pytest.mark.parametrize(
    ("asked", "index", "looked"),
    [
        (Asked(), "ix_signals_position", 102),
        (Asked(rows=1000), "ix_signals_position", 1002),
        (Asked(Filter(producers=frozenset({"nobody"}))), "ix_signals_position", 10_001),
        (Asked(Filter(payload='{"price": 1}'), window=2000), "ix_signals_position", 2001),
        (Asked(since=datetime(2100, 1, 1, tzinfo=UTC)), "ix_signals_position", 10_001),
        (Asked(some("I7"), names=("I7",)), "ix_signals_instrument_position", 102),
        (Asked(some("ABSENT"), names=("ABSENT",)), "ix_signals_instrument_position", 1),
        (Asked(some("I1*"), names=tuple(f"I{n}" for n in range(32))), "ix_signals_instrument_position", 102 + 32),
        (Asked(some("I*")), "ix_signals_position", 102),
    ],
    ids=["a page", "a large page", "producer", "payload", "time", "instrument", "absent", "merged", "pattern"],
)
@pytest.mark.parametrize("place", [0, ROWS // 2, ROWS - 1])
async def test_a_page_is_read_in_order(
    filled: Database, connection: asyncpg.Connection, asked: Asked, index: str, looked: int, place: int
) -> None:
    """Of each table one signal more than is shown may be looked at: the one that is compared with those of others."""
    after = Position(*await connection.fetchrow(MIDDLE, place))
    done = await steps(connection, replace(asked, after=after))
    whole = wholes(filled)
    scans = [step for step in done if "Relation Name" in step and step["Actual Loops"]]
    scans = [step for step in scans if step["Alias"].startswith("s_") or step["Alias"] == "s"]
    both = {index, index.replace("signals", "transitions")}
    assert index in {whole.get(step["Index Name"], step["Index Name"]) for step in scans} <= both
    assert not [step for step in done if "Sort" in step["Node Type"]]
    arms = max(1, len(asked.names or ()))
    parts = len(wholes(filled, "signals"))
    assert sum(step["Actual Rows"] * step["Actual Loops"] for step in scans) <= looked + arms * parts


async def test_a_page_of_one_instrument_begins_at_its_place(filled: Database, connection: asyncpg.Connection) -> None:
    """Red with an equality among the bounds: the server begins with that, and passes all that was there before."""
    whole = wholes(filled)
    done = await steps(connection, Asked(some("I7"), names=("I7",)))
    scans = [step for step in done if "instrument_position" in whole.get(step.get("Index Name", ""), "")]
    assert len(scans) == len(wholes(filled, "signals"))
    assert not [step["Index Cond"] for step in scans if "(instrument)::text = " in step["Index Cond"]]


async def test_whether_a_time_is_settled_is_looked_up_in_order(
    filled: Database, connection: asyncpg.Connection
) -> None:
    """Red without an order: with nothing known of the table all of it is read, of which nothing is hidden."""
    async with snapshot(connection):
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {ages._SHOWN}", datetime.now(UTC))
    scans = [step.get("Index Name") for step in nodes(json.loads(found)[0]["Plan"]) if "Relation Name" in step]
    whole = wholes(filled)
    found = {whole.get(name, name) for name in scans if name is not None}
    assert found - {"lives_pkey"} == {"ix_signals_position", "ix_transitions_position"}


async def test_contents_are_found_by_their_index(filled: Database, connection: asyncpg.Connection) -> None:
    """Red when other scans are allowed: of contents of which much is expected the planner reads the table in order."""
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {contents._CONTAINING}"
    for payload in ('{"price": 1}', '{"price": 1950.50}'):
        async with snapshot(connection):
            await connection.execute(contents._BY_INDEX.format(0))
            found = await connection.fetchval(explain, payload, 1000)
        done = [*nodes(json.loads(found)[0]["Plan"])]
        assert {step.get("Index Name") for step in done} == {None, *wholes(filled, "ix_signals_payload")}
        assert sum(step["Actual Rows"] for step in done if step["Node Type"] == "Bitmap Heap Scan") <= 1000


async def test_of_signals_that_are_known_no_others_are_looked_at(
    filled: Database, connection: asyncpg.Connection
) -> None:
    """Red when they are looked for in the order of all signals, in which many others stand between them."""
    some_of_them = "SELECT id FROM signals WHERE xact > '20' LIMIT 100"
    ids = [row["id"] for row in await connection.fetch(some_of_them)]
    done = await steps(connection, Asked(Filter(payload='{"price": 1}'), ids=ids, window=1000))
    scans = [step for step in done if step.get("Alias", "").startswith("these")]
    assert "transitions" in {step["Relation Name"] for step in scans} <= {"transitions", *wholes(filled, "signals")}
    assert sum(step["Actual Rows"] for step in scans) == 100


async def test_what_waits_for_an_older_transaction_is_not_looked_at(filled: Database) -> None:
    holder, reader = await asyncpg.connect(filled.url), await asyncpg.connect(filled.url)
    newest = Position(*await reader.fetchrow(MIDDLE, ROWS - 1))
    async with holder.transaction():
        await holder.execute("SELECT pg_current_xact_id()")
        insert_many(filled, 5000, instrument="ZZ")
        done = await steps(reader, Asked(after=newest))
    positions = wholes(filled, "ix_signals_position")
    looked = [step["Actual Rows"] for step in done if step.get("Index Name") in positions]
    assert max(looked) <= 1
    filled.execute("DELETE FROM signals WHERE instrument = 'ZZ'")
    for connection in (holder, reader):
        await connection.close()
