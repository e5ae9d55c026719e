"""Months are made ahead, by whoever may; what came too early is moved, and nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.typing import EventDict

from service.months.making import MOVED_MAX, TooMany, exclude, make, make_missing, missing
from service.months.month import Month
from service.months.partitions import ahead, partitions
from service.months.turn import NOT_NOW
from tests.postgres.database_url import with_options
from tests.postgres.rows import insert_signal
from tests.running.application import JSON, LIMITS, SIGNALS, figure, serving, signal_body
from tests.running.postgres import Database, migrate
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

WHERE = "SELECT tableoid::regclass::text FROM signals WHERE id = $1"
BOUNDS = """
SELECT relname, pg_get_expr(relpartbound, oid) AS bound FROM pg_class
WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'signals'::regclass) ORDER BY relname
"""
OFTEN = replace(LIMITS, months_seconds=0.05)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A session in the database."""
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


async def next_month(connection: asyncpg.Connection) -> Month:
    """The first month that has no table."""
    return Month.of_id((await partitions(connection))[-1].upper)


def id_in(month: Month) -> UUID:
    """An id that was made in a month."""
    return UUID(int=month.lower.int + uuid4().int % (1 << 100))


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
async def test_the_time_zone_of_the_session_makes_no_difference(empty_database: Database, zone: str) -> None:
    """Bounds are ids, and made of UTC: by the migration, and by who makes the months after it."""
    database = empty_database
    database.execute(f"ALTER DATABASE {database.value('SELECT current_database()')} SET TimeZone = '{zone}'")
    await asyncio.to_thread(migrate, database.url)
    connection = await asyncpg.connect(database.url)
    try:
        parts = await partitions(connection)
    finally:
        await connection.close()
    assert len(parts) == 3
    for before, after in pairwise(parts):
        assert before.upper == after.lower == Month.of_id(after.lower).lower
        assert after.upper == Month.of_id(after.lower).upper


async def test_a_year_that_was_slept_through_is_no_matter(connection: asyncpg.Connection) -> None:
    first = await next_month(connection)
    this = first.later(12)
    wanted = await missing(connection, this, 3)
    assert wanted == [this.later(later) for later in range(4)]
    for month in wanted:
        assert await make(connection, month) == 0
    assert await missing(connection, this, 3) == []
    assert ahead(await partitions(connection), this) == 3
    assert await make(connection, this) is None


async def test_signals_that_came_too_early_find_their_place(database: Database, connection: asyncpg.Connection) -> None:
    month = (await next_month(connection)).later(1)
    early = [insert_signal(database, id=id_in(month)) for _ in range(3)]
    other = insert_signal(database, id=id_in(month.later(1)))
    assert database.value(WHERE, early[0]["id"]) == "signals_default"
    assert await make(connection, month) == 3
    assert {database.value(WHERE, signal["id"]) for signal in early} == {month.table}
    assert database.value(WHERE, other["id"]) == "signals_default"
    assert database.fetch(
        "SELECT * FROM signals WHERE id = ANY($1) ORDER BY id", [row["id"] for row in early]
    ) == sorted(early, key=lambda row: str(row["id"]))


async def test_a_month_that_has_passed_is_made_for_its_signals(
    database: Database, connection: asyncpg.Connection
) -> None:
    month = await next_month(connection)
    insert_signal(database, id=id_in(month))
    this = month.later(5)
    assert await missing(connection, this, 0) == [month, this]


async def test_too_many_signals_stay_where_they_are(database: Database, connection: asyncpg.Connection) -> None:
    month = await next_month(connection)
    fill = """
        INSERT INTO signals (id, instrument, side, time)
        SELECT ($1::text || lpad(to_hex(number), 20, '0'))::uuid, 'XAUUSD', 0, now()
        FROM generate_series(1, $2) AS number
    """
    database.execute(fill, month.lower.hex[:12], MOVED_MAX + 1)
    with pytest.raises(TooMany):
        await make(connection, month)
    assert database.value("SELECT count(*) FROM signals_default") == MOVED_MAX + 1
    assert await next_month(connection) == month


async def test_nobody_waits_behind_a_month_that_waits_for_a_reader(
    database: Database, connection: asyncpg.Connection, log_lines: list[EventDict]
) -> None:
    """Red without a limit for locks: whoever comes after waits as long as the reader takes."""
    await connection.execute("DROP TABLE " + (await partitions(connection))[-1].name)
    month = await next_month(connection)
    reader = await asyncpg.connect(database.url)
    await reader.execute("BEGIN; SELECT count(*) FROM signals")
    with pytest.raises(NOT_NOW):
        await make(connection, month)
    async with serving(database.url, limits=OFTEN) as client:
        for _ in range(5):
            async with asyncio.timeout(1):
                assert (await client.post(SIGNALS, content=signal_body(), headers=JSON)).status_code == 201
        await until(lambda: any(line["event"].startswith("Month is made later") for line in log_lines), "it was tried")
        assert await next_month(connection) == month
        await reader.execute("COMMIT")
        await until(lambda: "Month made" in [line["event"] for line in log_lines], "it is made by itself")
    await reader.close()


async def test_signals_outside_of_all_months_are_told(database: Database, log_lines: list[EventDict]) -> None:
    insert_signal(database, id=UUID(int=(1 << 128) - 1))
    async with serving(database.url, limits=OFTEN):
        await until(lambda: figure("signals_outside_months") == 1, "it is counted")
    told = [line for line in log_lines if line["event"].startswith("Signals lie outside of all months")]
    assert [line["signals"] for line in told] == [1]


async def test_a_role_that_may_make_no_months_says_so_once(
    database: Database, connection: asyncpg.Connection, log_lines: list[EventDict]
) -> None:
    await connection.execute("DROP TABLE " + (await partitions(connection))[-1].name)
    role = f"service_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    database.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        async with serving(with_options(database.url, role=role), limits=OFTEN) as client:
            assert (await client.post(SIGNALS, content=signal_body(), headers=JSON)).status_code == 201
            await until(lambda: figure("signals_months_ahead") == 2, "it is counted")
            told = [line for line in log_lines if "signals migrate" in line["event"]]
            assert len(told) == 1
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")
    assert [str(month) async for month, _ in make_missing(connection, 3)] == [told[0]["month"]]


async def test_two_that_make_the_same_month_make_it_once(database: Database, connection: asyncpg.Connection) -> None:
    month = await next_month(connection)
    other = await asyncpg.connect(database.url)
    done = await asyncio.gather(make(connection, month), make(other, month))
    assert sorted(str(moved) for moved in done) == ["0", "None"]
    await other.close()


async def test_updated_at_moves_in_every_table(database: Database, connection: asyncpg.Connection) -> None:
    month = await next_month(connection)
    await make(connection, month)
    ids = [UUID(int=1), id_in(month), id_in(month.later(1))]
    before = [insert_signal(database, id=id) for id in ids]
    assert [database.value(WHERE, id) for id in ids] == ["signals_first", month.table, "signals_default"]
    for row in before:
        after = database.fetch("UPDATE signals SET status = 1 WHERE id = $1 RETURNING *", row["id"])[0]
        assert after["updated_at"] > row["updated_at"]
        assert after["created_at"] == row["created_at"]


async def test_much_that_no_month_takes_is_looked_at_while_nobody_waits(
    database: Database, connection: asyncpg.Connection
) -> None:
    """And what was said of it for that month is said no more when the month is there."""
    month = await next_month(connection)
    insert_signal(database, id=id_in(month.later(1)))
    await exclude(connection, month)
    with pytest.raises(asyncpg.CheckViolationError):
        insert_signal(database, id=id_in(month))
    await exclude(connection, month.later(1))  # it holds one
    insert_signal(database, id=id_in(month.later(1)))
    assert await make(connection, month) == 0
    insert_signal(database, id=id_in(month))
    assert await make(connection, month.later(1)) == 2
    left = "SELECT conname FROM pg_constraint WHERE conname LIKE 'ck_signals_default_%' OR conname LIKE '%bounds'"
    assert database.fetch(left) == []
