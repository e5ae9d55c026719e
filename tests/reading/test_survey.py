"""What is known beside the signals: how far a time is, and who holds the feed back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.typing import EventDict

from service.feed import ages
from service.feed.position import ORIGIN, Position
from service.kernel.limits import Limits
from service.postgres.pool import Pool
from service.survey.holding import Holding
from service.survey.survey import SURVEY_LOCK, Survey
from tests.postgres.rows import insert_signal
from tests.reading.storing import insert_many, open_transaction
from tests.running.application import figure
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

LIMITS = Limits(lag_seconds=0)
HELD = "Feed is held back by an open transaction"
SAMPLES = "SELECT at, epoch, xact, id FROM horizons ORDER BY at, epoch, xact, id"


@asynccontextmanager
async def pool_of(database: Database) -> AsyncIterator[Pool]:
    """A pool of a service."""
    async with Pool(database.url, LIMITS, size=3) as pool:
        yield pool


async def surveyed(database: Database, limits: Limits = LIMITS) -> None:
    """Survey until nothing is left."""
    async with pool_of(database) as pool:

        async def done() -> bool:
            await Survey(pool, limits).look()
            newest = "SELECT epoch, xact, id FROM signals ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"
            return database.fetch(newest) == database.fetch("SELECT epoch, xact, id FROM survey")

        await until_true(done, "all is surveyed")


async def place(database: Database, moment: datetime) -> Position:
    """From where that time is looked for."""
    connection = await asyncpg.connect(database.url)
    try:
        return await ages.place(connection, moment)
    finally:
        await connection.close()


async def test_nothing_of_a_time_is_at_or_before_its_place(database: Database) -> None:
    """Whatever the order of times: they are those of clocks, and of transactions that were committed late."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    minutes = [0, 1, 2, 7, 3, 4, 5, 6, 8, 9]
    for minute in minutes:
        insert_signal(database, created_at=start + timedelta(minutes=minute))
    await surveyed(database, replace(LIMITS, survey_rows=2))
    before = "SELECT created_at FROM signals WHERE (epoch, xact, id) <= ($1, $2, $3)"
    skipped = []
    for minute in range(11):
        moment = start + timedelta(minutes=minute)
        rows = database.fetch(before, *await place(database, moment))
        assert all(row["created_at"] < moment for row in rows)
        skipped.append(len(rows))
    assert skipped == sorted(skipped)
    assert skipped[-1] == len(minutes)


async def test_before_anything_is_surveyed_all_is_looked_at(database: Database) -> None:
    insert_signal(database)
    assert await place(database, datetime.now(UTC)) == ORIGIN


async def test_what_was_there_before_the_order_is_surveyed_too(database: Database) -> None:
    for minute in range(4):
        insert_signal(database, epoch=0, xact=0, created_at=datetime(2026, 1, 1, 0, minute, tzinfo=UTC))
    await surveyed(database)
    assert (await place(database, datetime(2026, 1, 2, tzinfo=UTC))).epoch == 0
    assert await place(database, datetime(2026, 1, 2, tzinfo=UTC)) > ORIGIN


AT_MOST_TWO = """
CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) > 2 FROM named) THEN
        RAISE query_canceled;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER give_up AFTER INSERT ON instruments REFERENCING NEW TABLE AS named EXECUTE FUNCTION give_up();
"""
"""The server gives up, as after its statement_timeout, on more than two new instruments at once."""


async def test_a_bite_that_is_too_large_is_tried_again_in_smaller_ones(database: Database) -> None:
    """Red when it is tried again as it is: nothing is surveyed any more."""
    for number in range(8):
        insert_signal(database, instrument=f"I{number}")
    database.execute(AT_MOST_TWO)
    async with pool_of(database) as pool:
        survey = Survey(pool, replace(LIMITS, survey_rows=8))
        for _ in range(3):
            with pytest.raises(asyncpg.QueryCanceledError):
                await survey.look()
    assert database.value("SELECT count(*) FROM instruments") == 2


FILL = """
INSERT INTO horizons (at, epoch, xact, id)
SELECT date_trunc('minute', now() - make_interval(hours => $1)) + n * interval '1 second', $1, n::text::xid8,
    gen_random_uuid()
FROM generate_series(0, 179) AS n
"""


async def test_old_samples_are_thinned_to_one_a_minute(database: Database) -> None:
    for hours in (25, 1):
        database.execute(FILL, hours)
    async with pool_of(database) as pool:
        await Survey(pool, LIMITS).thin()
    assert [row["xact"] for row in database.fetch(SAMPLES) if row["epoch"] == 25] == [59, 119, 179]
    assert database.value("SELECT count(*) FROM horizons WHERE epoch = 1") == 180


async def test_a_beat_of_a_clock_that_was_set_back_hides_nothing_of_a_time(database: Database) -> None:
    """Red when the time of the survey goes back: what comes later would be told as later than what is of the future."""
    now = datetime.now(UTC)
    of_the_future = insert_signal(database, created_at=now + timedelta(hours=1))
    async with pool_of(database) as pool:

        async def beat(number: int) -> bool:
            await Survey(pool, LIMITS, beats=True).look()
            return len(database.fetch(SAMPLES)) == number

        await until_true(lambda: beat(1), "it is surveyed")
        await Survey(pool, LIMITS, beats=True).look()
        insert_signal(database)
        await until_true(lambda: beat(2), "so is the next one")
    start = await place(database, now + timedelta(minutes=30))
    assert start < Position(of_the_future["epoch"], of_the_future["xact"], of_the_future["id"])


async def test_only_who_finds_nothing_more_beats(database: Database) -> None:
    """Red when a survey that another process is at counts as one that has come to the end."""
    at = "SELECT at > '-infinity' FROM survey"
    connection = await asyncpg.connect(database.url)
    try:
        async with connection.transaction(), pool_of(database) as pool:
            await connection.execute(f"SELECT pg_advisory_xact_lock({SURVEY_LOCK})")
            await Survey(pool, LIMITS, beats=True).look()
            assert not database.value(at)
    finally:
        await connection.close()
    async with pool_of(database) as pool:
        await Survey(pool, LIMITS).look()
        assert not database.value(at)
        await Survey(pool, LIMITS, beats=True).look()
        assert database.value(at)


async def test_several_processes_survey_everything_once(database: Database) -> None:
    insert_many(database, 50)
    async with pool_of(database) as one, pool_of(database) as other:
        limits = replace(LIMITS, survey_rows=5)

        async def done() -> bool:
            await asyncio.gather(Survey(one, limits).look(), Survey(other, limits).look())
            return bool(database.value("SELECT count(*) FROM horizons") == 10)

        await until_true(done, "ten bites were taken")
        await asyncio.gather(Survey(one, limits).look(), Survey(other, limits).look())
    assert database.value("SELECT count(*) FROM horizons") == 10


async def test_the_holder_of_the_feed_is_told_once(database: Database, log_lines: list[EventDict]) -> None:
    async with pool_of(database) as pool:
        holding = Holding(pool, LIMITS)
        async with open_transaction(database):
            pid = database.value(
                "SELECT pid FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname = current_database()"
            )
            insert_signal(database)
            await holding.look()
            await holding.look()
            assert figure("signals_feed_lag_seconds") > 0
        [line] = [line for line in log_lines if line["event"] == HELD]
        name = database.value("SELECT current_database()")
        assert (line["pid"], line["prepared"], line["database"]) == (pid, None, name)

        async def free() -> bool:
            await holding.look()
            return figure("signals_feed_lag_seconds") == 0

        await until_true(free, "nothing is held back")
    assert "Feed is no longer held back" in [line["event"] for line in log_lines]
