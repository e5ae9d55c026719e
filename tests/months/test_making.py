"""Months are made ahead, by whoever may; what came too early is moved, and nobody waits for it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.typing import EventDict

from service.kernel import metrics
from service.months.making import MOVED_MAX, TooMany, exclude, make, make_missing, missing
from service.months.month import Month
from service.months.partitions import Partition, ahead, holding, partitions
from service.months.turn import NOT_NOW
from tests.postgres.database_url import with_options
from tests.postgres.rows import insert_signal
from tests.running.application import JSON, LIMITS, SIGNALS, figure, serving, signal_body
from tests.running.environment import ROOT
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
    def told() -> list[EventDict]:
        return [line for line in log_lines if line["event"].startswith("Signals lie outside of all months")]

    insert_signal(database, id=UUID(int=(1 << 128) - 1))
    async with serving(database.url, limits=OFTEN):
        await until(lambda: told() != [], "it is told")
        assert figure("signals_outside_months") == 1
    assert [line["signals"] for line in told()] == [1]


async def test_a_role_that_may_make_no_months_says_so_once(
    database: Database, connection: asyncpg.Connection, log_lines: list[EventDict]
) -> None:
    def told() -> list[EventDict]:
        return [line for line in log_lines if "signals migrate" in line["event"]]

    await connection.execute("DROP TABLE " + (await partitions(connection))[-1].name)
    role = f"service_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    database.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        async with serving(with_options(database.url, role=role), limits=OFTEN) as client:
            assert (await client.post(SIGNALS, content=signal_body(), headers=JSON)).status_code == 201
            for _ in range(3):
                metrics.months_ahead.set(0)
                await until(lambda: figure("signals_months_ahead") == 2, "it is counted once more")
            assert len(told()) == 1
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")
    assert [str(month) async for month, _ in make_missing(connection, 3)] == [told()[0]["month"]]


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


SLOW_MOVING = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$;
CREATE TRIGGER slow BEFORE DELETE ON signals_default FOR EACH STATEMENT EXECUTE FUNCTION slow()
"""

SLOW_LOOKING = """
CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_query() ~ '{}'
        AND (current_query() ~ 'VALIDATE' OR NOT EXISTS (SELECT FROM pg_constraint WHERE conname ~ '_without_')) THEN
        PERFORM pg_sleep(2);
    END IF;
END $$;
CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slow()
"""
"""As if there were millions that no month takes."""


async def test_what_takes_too_long_to_be_moved_is_too_much(database: Database, connection: asyncpg.Connection) -> None:
    """Red while it was tried again for ever, and kept everybody from the table each time."""
    month = await next_month(connection)
    early = insert_signal(database, id=id_in(month))
    database.execute(SLOW_MOVING)
    async with asyncio.timeout(30):
        assert (month, None) in [made async for made in make_missing(connection, 4)]
    assert database.value(WHERE, early["id"]) == "signals_default"


async def test_a_service_makes_a_month_although_there_is_much_that_no_month_takes(
    database: Database, connection: asyncpg.Connection, log_lines: list[EventDict]
) -> None:
    await connection.execute("DROP TABLE " + (await partitions(connection))[-1].name)
    database.execute(SLOW_LOOKING.format("ATTACH"))
    async with serving(database.url, limits=OFTEN):
        await until(lambda: "Month made" in [line["event"] for line in log_lines], "the month is made")


async def test_a_service_that_has_not_the_time_for_it_says_so_once(
    database: Database, connection: asyncpg.Connection, log_lines: list[EventDict]
) -> None:
    """And leaves nothing behind that would keep a signal out."""
    month = Month.of_id((await partitions(connection))[-1].lower)
    await connection.execute(f"DROP TABLE {month.table}")
    database.execute(SLOW_LOOKING.format("ATTACH|VALIDATE"))
    async with serving(database.url, limits=replace(LIMITS, statement_seconds=0.5)):
        await until(lambda: any("time that a service has" in line["event"] for line in log_lines), "it is told")
    assert database.value("SELECT count(*) FROM pg_constraint WHERE conname ~ '_without_'") == 0
    insert_signal(database, id=id_in(month))


async def test_a_month_that_is_not_made_after_all_keeps_no_signal_out(
    database: Database, connection: asyncpg.Connection
) -> None:
    month = await next_month(connection)
    database.execute(SLOW_LOOKING.format("ATTACH").replace("'_without_'", "'no such thing'"))
    with pytest.raises(asyncpg.QueryCanceledError):
        await make(connection, month)
    assert database.value("SELECT count(*) FROM pg_constraint WHERE conname ~ '_without_'") == 0


async def test_too_many_signals_are_moved_as_the_runbook_says(
    database: Database, connection: asyncpg.Connection
) -> None:
    [statement] = re.findall(
        r"^```sql\n(SET .*?)```$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE | re.DOTALL
    )
    month = (await next_month(connection)).later(1)
    stored = [insert_signal(database, id=id_in(each)) for each in (month, month, month.later(1))]
    text = re.sub(r"'\d{4}-\d\d-01'", f"'{month}-01'", statement)
    assert str(month) in text
    database.execute(f"SET TimeZone = 'Asia/Tokyo'; {text}")
    assert holding(await partitions(connection), month) == Partition(month.table, month.lower, month.upper)
    where = [database.value(WHERE, signal["id"]) for signal in stored]
    assert where == [month.table, month.table, "signals_default"]
    assert database.fetch("SELECT * FROM signals WHERE id = $1", stored[0]["id"]) == [stored[0]]
