"""The tail: how soon it tells what is new, and what of a store that is put back under a running process."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from service.feed import Position, Row, Tail
from service.feed.position import ORIGIN
from service.postgres.pool import Pool
from tests.reading.reader import LIMITS
from tests.reading.storing import insert_many
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio


async def test_to_rest_makes_nobody_wait_longer_for_what_others_have_stored(database: Database) -> None:
    """Red when the time until it looks again begins after the rest: then both are waited for, one after the other."""
    taken: list[float] = []

    def take(rows: Sequence[Row]) -> float:
        taken.extend([asyncio.get_running_loop().time()] * len(rows))
        return 0

    limits = replace(LIMITS, tail_tick_seconds=2, tail_poll_seconds=2)
    async with Pool(database.url, limits, size=2) as pool:
        tail = Tail(pool, limits)
        running = asyncio.create_task(tail.run())
        await tail.follow(take, lambda _end: None)
        insert_many(database, 1)
        await until(lambda: len(taken) == 1, "the first was told")
        insert_many(database, 1)
        await until(lambda: len(taken) == 2, "the second was told")
        running.cancel()
        await asyncio.wait({running})
    assert taken[1] - taken[0] < 3


async def test_followers_are_told_that_the_store_is_behind_them_and_then_what_is_new(database: Database) -> None:
    """Red when the tail goes on from where it was: it tells nothing until the store has come as far again."""
    told: list[Row] = []
    back_to: list[Position] = []

    def take(rows: Sequence[Row]) -> float:
        told.extend(rows)
        return 0

    async with Pool(database.url, LIMITS, size=2) as pool:
        tail = Tail(pool, LIMITS)
        running = asyncio.create_task(tail.run())
        await tail.follow(take, back_to.append)
        first = insert_many(database, 1)
        await until(lambda: len(told) == 1, "the first was told")
        assert back_to == []
        database.execute("DELETE FROM signals")
        await until(lambda: bool(back_to), "the followers know")
        second = insert_many(database, 1)
        await until(lambda: len(told) == 2, "the second was told")
        running.cancel()
        await asyncio.wait({running})
    assert [str(row.position.id) for row in told] == [*first, *second]
    assert back_to == [ORIGIN]
