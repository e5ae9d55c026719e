"""Pages that are waited for."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from service.feed import Filter, Page, Pages, Position
from service.feed import Tail as RealTail
from service.feed.position import ORIGIN
from service.feed.share import Share
from service.postgres.pool import Pool
from service.reading.places import Places
from service.reading.waiting import Waiting
from tests.postgres.rows import insert_signal
from tests.reading.reader import FEED, LIMITS, all_read, everything, page, reading
from tests.reading.storing import insert_many, open_transaction
from tests.running.application import JSON, SIGNALS, figure, signal_body
from tests.running.postgres import Database
from tests.running.waiting import DEADLINE_SECONDS, until
from tests.speaking.exchange import BATCH

pytestmark = pytest.mark.anyio


async def caught_up(client: httpx.AsyncClient, number: int) -> str:
    """The cursor after so many events."""
    await all_read(client, number)
    return (await everything(client))[1]


async def test_what_is_there_is_given_at_once(database: Database) -> None:
    ids = insert_many(database, 2)
    async with reading(database.url, signals_streams_max=0) as client:
        await all_read(client, 2)
        given = await page(client, wait=30)
    assert [event["signal"]["id"] for event in given["events"]] == ids


@pytest.mark.parametrize("filter", [{}, {"instrument": "EUR*"}, {"payload": '{"a": 1}', "instrument": "EURUSD"}])
async def test_what_another_process_stores_ends_the_wait(database: Database, filter: dict[str, str]) -> None:
    insert_many(database, 1, instrument="EURGBP")
    async with reading(database.url) as client:
        cursor = await caught_up(client, 1)
        waiting = asyncio.create_task(page(client, after=cursor, wait=30, **filter))
        while not waiting.done():
            insert_signal(database, payload='{"a": 2}')
            insert_signal(database, instrument="EURUSD", payload='{"a": 1}')
            await asyncio.wait({waiting}, timeout=0.5)
        given = waiting.result()
    assert {event["signal"]["instrument"] for event in given["events"]} <= {"XAUUSD", "EURUSD"}
    assert all(event["signal"]["instrument"] == "EURUSD" for event in given["events"]) or not filter
    assert given["events"]


@pytest.mark.parametrize(
    ("path", "body"), [(SIGNALS, signal_body()), (BATCH, b'{"signals":[%b,%b]}' % (signal_body(), signal_body()))]
)
async def test_what_this_process_stores_wakes_it(database: Database, path: str, body: bytes) -> None:
    """It does not look by itself before the test is over."""
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        reading(database.url, replace(LIMITS, tail_poll_seconds=3600)) as client,
    ):
        given = await page(client)
        waiting = asyncio.create_task(page(client, after=given["cursor"], wait=30))
        while not waiting.done():
            created = await client.post(path, headers=JSON, content=body)
            await asyncio.wait({waiting}, timeout=0.5)
        ids = [event["signal"]["id"] for event in waiting.result()["events"]]
    assert created.status_code == 201
    assert ids


async def test_what_was_kept_back_ends_the_wait_when_it_is_free(database: Database) -> None:
    async with reading(database.url) as client:
        cursor = (await page(client))["cursor"]
        async with open_transaction(database):
            insert_signal(database)
            waiting = asyncio.create_task(page(client, after=cursor, wait=30))
            await asyncio.wait({waiting}, timeout=0.3)
            assert not waiting.done()
        assert (await waiting)["events"]


async def test_the_wait_is_over_in_time_and_its_cursor_has_moved(database: Database) -> None:
    async with reading(database.url) as client:
        cursor = (await page(client))["cursor"]
        waiting = asyncio.create_task(page(client, after=cursor, wait=1, producer="nobody"))
        insert_many(database, 3)
        given = await waiting
        assert given["events"] == []
        assert given["cursor"] == await caught_up(client, 3)


async def test_an_end_in_the_past_is_not_waited_for(database: Database) -> None:
    insert_many(database, 1)
    async with reading(database.url, signals_streams_max=0) as client:
        cursor = await caught_up(client, 1)
        given = await page(client, after=cursor, wait=30, to="2020-01-01T00:00:00Z")
    assert given["events"] == []


async def test_no_more_wait_than_there_are_places(database: Database) -> None:
    async with reading(database.url, signals_streams_max=1) as client:
        first = asyncio.create_task(client.get(FEED, params={"wait": 2}))
        second = asyncio.create_task(client.get(FEED, params={"wait": 2}))
        await until(lambda: figure("signals_streams") == 1, "one waits")
        answers = await asyncio.gather(first, second)
        assert sorted(answer.status_code for answer in answers) == [200, 503]
        [refused] = [answer for answer in answers if answer.status_code == 503]
        assert refused.json()["code"] == "too_many_streams"
        assert int(refused.headers["Retry-After"]) > 0
        assert (await client.get(FEED, params={"wait": 0.1})).status_code == 200


async def test_those_who_wait_keep_no_connection(database: Database) -> None:
    async with reading(database.url, replace(LIMITS, command_seconds=20), database_pool_size=2) as client:
        waiting = [asyncio.create_task(client.get(FEED, params={"wait": 3})) for _ in range(100)]
        await asyncio.wait(waiting, timeout=0.5)
        created = await client.post(SIGNALS, headers=JSON, content=signal_body())
        assert created.status_code == 201
        answers = await asyncio.gather(*waiting)
    assert {answer.status_code for answer in answers} == {200}
    assert all(len(answer.json()["events"]) == 1 for answer in answers)


async def test_what_is_stored_between_the_look_and_the_wait_is_found(database: Database) -> None:
    """Nothing looks again: the tail does not run. Red where the wait begins without a look of its own."""
    async with Pool(database.url, LIMITS, size=3) as pool:
        pages = Pages(Share(pool, LIMITS, sessions=1), LIMITS, payload_max_bytes=1000)
        waiting = Waiting(RealTail(pool, LIMITS), Places(1))
        looks: list[Page] = []

        async def read(after: Position | None) -> Page:
            looks.append(await pages.read(Filter(), after, 10))
            if len(looks) == 1:
                insert_many(database, 1)
            return looks[-1]

        async def still() -> bool:
            return True

        async with asyncio.timeout(20):
            found = await waiting.page(Filter(), read, 30, still)
    assert (len(looks[0].rows), len(found.rows)) == (0, 1)


class Tail:
    """Tells nothing by itself."""

    async def follow(self, _follower: Any, _fall_back: Any) -> Position:
        return ORIGIN

    def leave(self, _follower: Any) -> None:
        pass


EMPTY = Page([], ORIGIN, datetime.now(UTC), full=False, settled=None)


class Reads:
    """Gives these pages, or raises."""

    def __init__(self, outcomes: Sequence[Page | Exception]) -> None:
        self.left = [*outcomes]

    async def __call__(self, _after: Position | None) -> Page:
        outcome = self.left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def waited(read: Reads, *, still: bool = True) -> Page:
    """The page for a request that waits up to 30 seconds."""

    async def is_still() -> bool:
        return still

    tail: Any = Tail()
    return await Waiting(tail, Places(1)).page(Filter(), read, 30, is_still)


async def test_a_read_that_takes_too_long_is_told_and_not_taken_for_silence() -> None:
    """Red when it counts as nothing new: the signal that was to be read comes at the end of the wait."""
    with pytest.raises(TimeoutError, match="of the read"):
        await waited(Reads([EMPTY, TimeoutError("of the read")]))


async def test_nothing_is_read_for_who_has_left() -> None:
    reads = Reads([EMPTY, AssertionError("read for nobody")])
    assert await waited(reads, still=False) is EMPTY


async def test_it_is_waited_for_an_end_in_time_that_is_not_settled(database: Database) -> None:
    """Red when such a page is given at once: who asks for more as it says asks without a pause."""
    async with reading(database.url) as client:
        cursor = (await page(client))["cursor"]
        async with open_transaction(database):
            end = database.value("SELECT clock_timestamp()").isoformat()
            waiting = asyncio.create_task(page(client, after=cursor, wait=30, to=end))
            await asyncio.wait({waiting}, timeout=0.3)
            assert not waiting.done()
        assert (await waiting)["events"]


async def test_an_end_in_time_that_settles_with_nothing_ends_the_wait() -> None:
    over = replace(EMPTY, settled=True)
    assert await waited(Reads([replace(EMPTY, settled=False)] * 3 + [over])) is over
