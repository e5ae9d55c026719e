"""Pages of the feed: what is in them, in which order, and where they end."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from service.feed.pace import FIRST_ROWS
from service.kernel.timestamps import parse_timestamp
from service.reading import Position
from service.survey.survey import SURVEY_LOCK
from tests.postgres.rows import insert_signal
from tests.reading.reader import FEED, LIMITS, all_read, everything, page, reading
from tests.reading.storing import insert_many, open_transaction
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

DIGITS = '{"a": 0.1234567890123456789012345, "b": 123456789012345678901234567890, "c": 1.50}'


async def test_an_event_shows_the_signal_as_at_its_place(database: Database) -> None:
    row = insert_signal(database, payload=DIGITS, version=3)
    database.execute("UPDATE signals SET status = 2, updated_at = now() + interval '1 hour'")
    async with reading(database.url) as client:
        await all_read(client, 1)
        given = await page(client)
        text = (await client.get(FEED)).text
    created_at = row["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    [event] = given["events"]
    assert event["event"] == "signal"
    assert {**event["signal"], "payload": None} == {
        "id": str(row["id"]),
        "producer_id": "alpha",
        "instrument": "XAUUSD",
        "side": 0,
        "time": "2026-01-31T12:00:00.000000Z",
        "payload": None,
        "version": 3,
        "status": 0,
        "state_version": 0,
        "approval": "none",
        "expires_at": None,
        "expired": False,
        "created_at": created_at,
        "updated_at": created_at,
    }
    assert DIGITS in text


@pytest.mark.parametrize("limit", [1, 7, 1000])
async def test_a_batch_is_read_once_and_in_order_whatever_the_page(database: Database, limit: int) -> None:
    ids = [*insert_many(database, 30), *insert_many(database, 30)]
    async with reading(database.url) as client:
        assert await all_read(client, 60, limit=limit) == ids


async def test_a_cursor_holds_over_a_restart(database: Database) -> None:
    first = insert_many(database, 3)
    async with reading(database.url) as client:
        assert await all_read(client, 3) == first
        _, cursor = await everything(client)
    second = insert_many(database, 3)
    async with reading(database.url) as client:
        assert await all_read(client, 3, after=cursor) == second


async def test_an_empty_feed_has_a_cursor_and_no_more(database: Database) -> None:
    before = datetime.now(UTC)
    async with reading(database.url) as client:
        given = await page(client)
        assert given["events"] == []
        assert not given["more"]
        assert before - timedelta(seconds=1) < parse_timestamp(given["complete_until"]) < datetime.now(UTC)
        ids = insert_many(database, 1)
        assert await all_read(client, 1, after=given["cursor"]) == ids


async def test_what_is_committed_late_keeps_back_what_comes_after_it(database: Database) -> None:
    first = insert_many(database, 1)
    async with reading(database.url) as client:
        assert await all_read(client, 1) == first
        _, cursor = await everything(client)
        async with open_transaction(database) as late:
            later = insert_signal(database)
            given = await page(client, after=cursor)
            assert (given["events"], given["cursor"]) == ([], cursor)
            assert parse_timestamp(given["complete_until"]) <= later["created_at"]
        assert await all_read(client, 2, after=cursor) == [late, str(later["id"])]


async def test_a_cursor_of_an_empty_page_moves_to_the_newest_signal_that_was_looked_at(database: Database) -> None:
    insert_many(database, 20)
    async with reading(database.url) as client:
        await all_read(client, 20)
        _, end = await everything(client)
        for filter in (
            {"instrument": "ABSENT"},
            {"instrument": "ABS*"},
            {"producer": "nobody"},
            {"payload": '{"a":1}'},
        ):
            given = await page(client, **filter)
            assert (given["events"], given["cursor"], given["more"]) == ([], end, False), filter


async def test_a_page_looks_at_a_bounded_number_of_signals(database: Database) -> None:
    insert_many(database, 25)
    async with reading(
        database.url, replace(LIMITS, page_rows=10, page_payload_bytes=4000), signals_payload_max_bytes=1000
    ) as client:
        await all_read(client, 25)
        looked = []
        for query in ({"producer": "nobody"}, {"payload": '{"a":1}'}):
            given = await page(client, **query)
            assert given["events"] == []
            assert given["more"]
            rows = "SELECT count(*) FROM signals WHERE (epoch, xact, id) <= ($1, $2, $3)"
            looked.append(database.value(rows, *Position.parse(given["cursor"])))
        assert looked == [10, 4]


async def test_a_page_gives_out_a_bounded_number_of_bytes_and_one_event_at_least(database: Database) -> None:
    for _ in range(6):
        insert_signal(database, payload='{"text": "%s"}' % ("x" * 1000))
    limits = replace(LIMITS, page_bytes=3000)
    async with reading(database.url, limits, signals_payload_max_bytes=1000) as client:
        await all_read(client, 6)
        sizes = [len((await page(client, limit=limit))["events"]) for limit in (1, 100)]
        assert sizes == [1, 3]
    async with reading(database.url, replace(limits, page_bytes=10), signals_payload_max_bytes=1000) as client:
        given = await page(client)
        assert len(given["events"]) == 1
        assert given["more"]


async def test_filters_hold_together(database: Database) -> None:
    wanted = [
        insert_signal(database, instrument=name, payload='{"a": {"b": 1}, "c": 2}') for name in ("EURUSD", "EURGBP")
    ]
    for other in (
        {"instrument": "EURUSD", "producer_id": "beta"},
        {"instrument": "XAUUSD"},
        {"instrument": "EURUSD", "payload": '{"a": {"b": 2}}'},
        {"instrument": "EURUSD", "payload": None},
        {"instrument": "EURUSD", "producer_id": None},
    ):
        insert_signal(database, **{"payload": '{"a": {"b": 1}}', **other})
    async with reading(database.url) as client:
        await all_read(client, 7)
        for instrument in (["EURUSD", "EURGBP"], "EUR*", ["EURU*", "EURGBP", "ABSENT"], ["EURU*", "EURG*"]):
            query = {"instrument": instrument, "producer": ["alpha", "gamma"], "payload": '{"a": {"b": 1}}'}
            assert await all_read(client, 2, **query) == [str(row["id"]) for row in wanted], instrument


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_an_instrument_that_was_never_seen_is_not_skipped_by_a_pattern(database: Database, limit: int) -> None:
    """Which names a pattern stands for is looked up in a table that lags. Red where a page that was full with what the
    table knows went on to the end.
    """
    insert_many(database, 3, instrument="EURUSD")
    async with reading(database.url) as client:

        async def known() -> bool:
            return bool((await page(client, "/api/v1/instruments"))["instruments"])

        await until_true(known, "the survey has seen them")
        await asyncio.to_thread(database.execute, "SELECT pg_advisory_lock($1)", SURVEY_LOCK)
        late = [*insert_many(database, 1, instrument="EURGBP"), *insert_many(database, 1, instrument="EURUSD")]
        assert (await all_read(client, 5, instrument="EUR*", limit=limit))[3:] == late
        assert [row["instrument"] for row in (await page(client, "/api/v1/instruments"))["instruments"]] == ["EURUSD"]


async def test_what_a_pattern_stands_for_and_what_comes_behind_it_is_bounded_together(database: Database) -> None:
    insert_many(database, 8, instrument="EURUSD")
    async with reading(database.url, replace(LIMITS, page_rows=10)) as client:

        async def known() -> bool:
            return bool((await page(client, "/api/v1/instruments"))["instruments"])

        await until_true(known, "the survey has seen them")
        await asyncio.to_thread(database.execute, "SELECT pg_advisory_lock($1)", SURVEY_LOCK)
        insert_many(database, 4, instrument="EURGBP")
        wanted = insert_many(database, FIRST_ROWS + 1, instrument="EURGBP", producer_id="beta")
        await all_read(client, 12 + len(wanted))
        given = await page(client, instrument="EUR*", producer="beta")
        assert [event["signal"]["id"] for event in given["events"]] == wanted[:FIRST_ROWS]
        assert given["more"]


async def test_more_instruments_than_are_looked_up_one_by_one_are_found_all_the_same(database: Database) -> None:
    ids = [str(insert_signal(database, instrument=f"EUR{number}")["id"]) for number in range(6)]
    async with reading(database.url, replace(LIMITS, page_names=2)) as client:
        assert await all_read(client, 6, instrument="EUR*") == ids
        assert await all_read(client, 3, instrument=["EUR1", "EUR3", "EUR5"]) == [ids[1], ids[3], ids[5]]


async def test_from_and_to_are_times_of_storage(database: Database) -> None:
    times = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(6)]
    ids = [str(insert_signal(database, created_at=time)["id"]) for time in times]
    async with reading(database.url) as client:
        await all_read(client, 6)
        for first, last in ((0, 6), (2, 4), (5, 6), (3, 3)):
            end = times[last] if last < 6 else times[5] + timedelta(seconds=1)
            query = {"from": times[first].isoformat(), "to": end.isoformat()}
            found = await all_read(client, last - first, **query)
            assert found == ids[first:last]
        unencoded = await client.get(f"{FEED}?from=2026-01-01T06:00:00+02:00")
        assert [event["signal"]["id"] for event in unencoded.json()["events"]] == ids[4:]


async def test_after_a_cursor_nothing_older_than_from_is_given(database: Database) -> None:
    """Times of storage are not in the order of the feed. Red when a cursor lets `from` be forgotten."""
    times = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (5, 1, 6)]
    ids = [str(insert_signal(database, created_at=time)["id"]) for time in times]
    async with reading(database.url) as client:
        await all_read(client, 3)
        query = {"from": times[0].isoformat()}
        cursor = (await page(client, limit=1, **query))["cursor"]
        assert (await everything(client, after=cursor, **query))[0] == [ids[2]]


async def test_with_to_there_is_more_while_anything_begun_before_it_is_open(database: Database) -> None:
    insert_many(database, 1)
    async with reading(database.url) as client:
        await all_read(client, 1)
        future = await page(client, to="2100-01-01T00:00:00Z")
        assert future["more"]
        async with open_transaction(database):
            end = database.value("SELECT clock_timestamp()").isoformat()
            assert (await page(client, to=end))["more"]
        assert len(await all_read(client, 2, to=end)) == 2

        async def finished() -> bool:
            return not (await page(client, to=end))["more"]

        await until_true(finished, "there is no more")


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("limit=0", ["query", "limit"]),
        ("limit=1001", ["query", "limit"]),
        ("limit=ten", ["query", "limit"]),
        ("limit=%D9%A1", ["query", "limit"]),
        ("limit=1&limit=2", ["query", "limit"]),
        ("wait=31", ["query", "wait"]),
        ("wait=-1", ["query", "wait"]),
        ("from=yesterday", ["query", "from"]),
        ("to=2026-01-01T00:00:00", ["query", "to"]),
        ("instrument=xau", ["query", "instrument"]),
        ("instrument=X*U", ["query", "instrument"]),
        ("instrument=", ["query", "instrument"]),
        ("producer=", ["query", "producer"]),
        ("producer=" + "p" * 65, ["query", "producer"]),
        ("payload=[]", ["query", "payload"]),
        ("payload=%7B%7D", ["query", "payload"]),
        ("payload=%7B%22a%22:%22%5Cu0000%22%7D", ["query", "payload"]),
        ("payload=%7B%22a%22:NaN%7D", ["query", "payload"]),
        ("instruments=XAUUSD", ["query", "instruments"]),
        ("%FF=1", ["query"]),
        ("a%20b=1", ["query"]),
        ("&".join(f"producer={number}" for number in range(101)), ["query", "producer"]),
    ],
)
async def test_a_wrong_parameter_is_named(database: Database, query: str, loc: list[str]) -> None:
    async with reading(database.url) as client:
        response = await client.get(f"{FEED}?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
    assert [fault["loc"] for fault in response.json()["detail"]] == [loc]


CURSOR = Position(1 << 32, 700, UUID(int=5)).cursor.decode()


@pytest.mark.parametrize("text", [CURSOR[:-1], CURSOR[:-4], "x", "", CURSOR[::-1], CURSOR + "AAAA", "é" * 48])
async def test_what_is_no_cursor_is_told(database: Database, text: str) -> None:
    async with reading(database.url) as client:
        response = await client.get(FEED, params={"after": text})
    assert (response.status_code, response.json()["code"]) == (400, "cursor_invalid")


async def test_a_cursor_ahead_of_the_store_has_expired(database: Database) -> None:
    ids = insert_many(database, 2)
    async with reading(database.url) as client:
        await all_read(client, 2)
        _, end = await everything(client)
        ahead = Position.parse(end)._replace(xact=1 << 50)
        response = await client.get(FEED, params={"after": ahead.cursor.decode()})
        content = response.json()
        assert (response.status_code, content["code"]) == (410, "cursor_expired")
        assert content["newest"] == end
        assert (await everything(client, after=content["oldest"]))[0] == ids


async def test_the_cursor_before_the_beginning_of_an_emptied_store_has_expired(database: Database) -> None:
    insert_many(database, 2)
    async with reading(database.url) as client:
        await all_read(client, 2)
        _, end = await everything(client)
        database.execute("DELETE FROM signals")
        response = await client.get(FEED, params={"after": end})
        assert response.status_code == 410
        assert (await page(client, after=response.json()["newest"]))["events"] == []


async def test_without_a_database_the_feed_says_so() -> None:
    async with reading("postgresql://nobody@127.0.0.1:1/none") as client:
        for path in (FEED, "/api/v1/instruments", f"/api/v1/signals/{uuid4()}", f"{FEED}?wait=1"):
            response = await client.get(path)
            assert (response.status_code, response.json()["code"]) == (503, "feed_unavailable")


async def test_readers_wait_for_one_another_and_not_too_many_do(database: Database) -> None:
    insert_many(database, 2)
    async with reading(database.url, replace(LIMITS, reading_queue=2, reading_sessions=1)) as client:
        await all_read(client, 2)
        answers = await asyncio.gather(*(client.get(FEED) for _ in range(20)))
    codes = {answer.status_code for answer in answers}
    assert codes == {200, 503}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 503} == {"overloaded"}
