"""How much is read at once, when what is stored is far larger as text than it came: jsonb prints 1e308 with 309
digits."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from service.feed import Row, Tail
from service.feed.pace import FIRST_ROWS
from service.postgres.pool import Pool
from tests.reading.reader import FEED, LIMITS, all_read, page, reading
from tests.reading.storing import insert_many
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

LARGE = '{"a":[%s1]}' % ("1e308," * 5400)
"""32 KiB as they were taken before exponents counted. They are shown as 1.7 MB."""
LARGE_BYTES = 310 * 5400 + 1000
HUGE = '{"a":[%s1]}' % ("0e-16000," * 3600)
"""The same, shown as 58 MB."""
PAGE_BYTES = 4 * 1024 * 1024


async def test_a_page_of_payloads_that_grow_is_given_and_is_small(database: Database) -> None:
    ids = insert_many(database, 60, payload=LARGE)
    async with reading(database.url) as client:
        response = await client.get(FEED)
        assert response.status_code == 200
        assert len(response.content) < PAGE_BYTES + 2 * LARGE_BYTES
        given = response.json()
        assert [event["signal"]["id"] for event in given["events"]] == ids[: len(given["events"])]
        assert given["events"]
        assert given["more"]


async def test_what_was_read_before_the_server_gave_up_is_a_page(database: Database) -> None:
    """Red when such a page is refused: it would be so again and again."""
    small = insert_many(database, FIRST_ROWS)
    insert_many(database, 32, payload=HUGE)
    async with reading(database.url, replace(LIMITS, statement_seconds=1, command_seconds=20)) as client:
        given = await page(client, limit=1000)
    assert [event["signal"]["id"] for event in given["events"]] == small
    assert given["more"]


async def test_what_is_small_is_given_whole(database: Database) -> None:
    ids = insert_many(database, 90, payload='{"price": 1950.50, "stop": 1940, "reason": "a pullback to the mean"}')
    async with reading(database.url) as client:
        assert await all_read(client, 90) == ids
        assert len((await page(client))["events"]) == 90


async def test_the_tail_takes_payloads_that_grow_in_small_turns(database: Database) -> None:
    """Red when it takes so many rows whatever their size: the server gives up on the statement, again and again."""
    turns: list[Sequence[Row]] = []

    def take(rows: Sequence[Row]) -> float:
        turns.append(rows)
        return 0

    async with Pool(database.url, LIMITS, size=2) as pool:
        tail = Tail(pool, LIMITS)
        running = asyncio.create_task(tail.run())
        await tail.follow(take, lambda _end: None)
        ids = insert_many(database, 20, payload=LARGE)
        await until(lambda: sum(map(len, turns)) == 20, "all have come")
        running.cancel()
        await asyncio.wait({running})
    assert [str(row.position.id) for turn in turns for row in turn] == ids
    assert max(sum(len(row.json) for row in turn) for turn in turns) < PAGE_BYTES + LARGE_BYTES
