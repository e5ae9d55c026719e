"""Signals are found by what is in their payloads, with the index that an operator may make as without it: the same ones
in the same order, and the rare ones at once."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from service.payloads import index as payload_index
from service.postgres.orm import orm
from tests.reading.reader import LIMITS, all_read, everything, page, reading
from tests.reading.storing import insert_many
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

WINDOW = 20
SMALL = replace(LIMITS, page_payload_bytes=WINDOW * 1000)
"""With payloads of 1,000 bytes at most a page looks into so many."""

RARE = '{"order":{"id":7}}'

INSERT = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload) VALUES ($1, 'alpha', 'XAUUSD', 0, now(), $2)
"""


async def with_index(database: Database) -> None:
    """Make it, as the command does."""
    async with orm(database.url):
        assert await payload_index.create(database.url, "tester")


async def pages(client: httpx.AsyncClient, **query: Any) -> list[list[str]]:
    """The ids of each page, to the end."""
    read: list[list[str]] = []
    while True:
        given = await page(client, **query)
        read.append([event["signal"]["id"] for event in given["events"]])
        query["after"] = given["cursor"]
        if not given["more"]:
            return read


def fill(database: Database) -> None:
    """Rare ones among many others, each in a transaction of its own."""
    for number in range(6):
        insert_many(database, 2 * WINDOW, payload='{"order":{"id":1},"kind":"usual"}')
        instrument = "XAUUSD" if number % 2 else "EURUSD"
        insert_many(database, 2, instrument=instrument, payload='{"order":{"id":7,"at":1950.50},"kind":"usual"}')


@pytest.mark.parametrize(
    "query",
    [
        {"payload": RARE},
        {"payload": RARE, "limit": 1},
        {"payload": RARE, "instrument": "XAU*"},
        {"payload": RARE, "instrument": "EURUSD", "limit": 5},
        {"payload": RARE, "producer": "nobody"},
        {"payload": '{"kind":"usual"}', "limit": 7},
        {"payload": '{"order":{}}'},
    ],
    ids=["rare", "one by one", "pattern", "instrument", "nobody", "usual", "no value to look up"],
)
async def test_the_same_is_found_in_the_same_order_with_the_index(database: Database, query: dict[str, Any]) -> None:
    fill(database)
    async with reading(database.url, SMALL, signals_payload_max_bytes=1000) as client:
        await all_read(client, 6 * (2 * WINDOW + 2))
        without = [id for ids in await pages(client, **query) for id in ids]
        await with_index(database)
        assert [id for ids in await pages(client, **query) for id in ids] == without


async def test_what_is_rare_is_found_at_once_with_the_index(database: Database) -> None:
    """Red when the index is not asked: then each page looks at some signals, and most of them have nothing."""
    fill(database)
    async with reading(database.url, SMALL, signals_payload_max_bytes=1000) as client:
        await all_read(client, 6 * (2 * WINDOW + 2))
        await with_index(database)
        first, *rest = await pages(client, payload=RARE)
    assert (len(first), sum(map(len, rest))) == (12, 0)


async def test_nothing_is_skipped_that_appears_late(database: Database) -> None:
    """A transaction that is open keeps back what was stored after it, however it is found."""
    fill(database)
    await with_index(database)
    async with reading(database.url, SMALL, signals_payload_max_bytes=1000) as client:
        await all_read(client, 6 * (2 * WINDOW + 2))
        slow = await asyncpg.connect(database.url)
        transaction = slow.transaction()
        await transaction.start()
        held = uuid4()
        await slow.execute(INSERT, held, RARE)
        [later] = insert_many(database, 1, payload=RARE)
        insert_many(database, 2 * WINDOW)
        before, cursor = await everything(client, payload=RARE)
        await transaction.commit()
        await slow.close()
        after: list[str] = []

        async def seen() -> bool:
            found, place = await everything(client, payload=RARE, after=cursor)
            after[:] = found
            return len(found) == 2 and place != cursor

        await until_true(seen, "both are there")
    assert (len(before), after) == (12, [str(held), later])


async def test_an_index_that_is_not_finished_is_not_used(database: Database) -> None:
    """Red when it is: it does not have all signals yet."""
    fill(database)
    async with reading(database.url, SMALL, signals_payload_max_bytes=1000) as client:
        await all_read(client, 6 * (2 * WINDOW + 2))
        await with_index(database)
        database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_signals_payload'::regclass")
        read = await pages(client, payload=RARE)
    assert sum(map(len, read)) == 12
    assert len(read) > 6
