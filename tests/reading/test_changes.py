"""Changes of state in the feed: in one order with signals, in pages and streams, for those who see the signal."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from service.payloads import index as payload_index
from service.postgres.orm import orm
from tests.postgres.rows import insert_signal
from tests.reading.reader import LIMITS, page, reading
from tests.reading.storing import insert_many, open_transaction
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

_CHANGE = """
WITH changed AS (
    UPDATE signals SET status = $2, state_version = state_version + 1 WHERE id = $1
    RETURNING id, instrument, producer_id, state_version, updated_at, approval
)
INSERT INTO transitions
    (id, signal_id, instrument, producer_id, from_status, to_status, state_version, at, by, reason, approval)
SELECT $3, id, instrument, producer_id, $4, $2, state_version, updated_at, 'anna', 'why', approval FROM changed
"""


def change(database: Database, signal: object, status: int = 2, before: int = 0) -> None:
    """Change the state of a signal past the service."""
    database.execute(_CHANGE, signal, status, uuid4(), before)


def shape(event: dict[str, Any]) -> tuple[str, int]:
    """Which signal an event is about, and the version of its state."""
    if event["event"] == "status":
        return event["signal_id"], event["state_version"]
    return event["signal"]["id"], event["signal"]["state_version"]


def filled(database: Database) -> list[tuple[str, int]]:
    """Signals and changes of them, as they are to be told."""
    gold, euro = insert_signal(database)["id"], insert_signal(database, instrument="EURUSD", producer_id="beta")["id"]
    change(database, gold, 1)
    silver = insert_signal(database, instrument="XAGUSD", payload='{"n": 1}')["id"]
    for signal, status, before in [(euro, 2, 0), (gold, 2, 1), (silver, 1, 0)]:
        change(database, signal, status, before)
    return [
        (str(gold), 0),
        (str(euro), 0),
        (str(gold), 1),
        (str(silver), 0),
        (str(euro), 1),
        (str(gold), 2),
        (str(silver), 1),
    ]


async def read(client: Any, **query: Any) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    while True:
        given = await page(client, **query)
        found += map(shape, given["events"])
        query["after"] = given["cursor"]
        if not given["more"]:
            return found


@pytest.mark.parametrize("limit", [1, 2, 1000])
async def test_each_is_told_once_and_never_before_its_signal(database: Database, limit: int) -> None:
    expected = filled(database)
    gold, euro, silver = expected[0][0], expected[1][0], expected[3][0]

    def of(*signals: str) -> list[tuple[str, int]]:
        return [each for each in expected if each[0] in signals]

    async with reading(database.url) as client:

        async def whole() -> bool:
            return await read(client) == expected

        await until_true(whole, "all is there")
        assert await read(client, limit=limit) == expected
        assert await read(client, limit=limit, instrument="XAUUSD") == of(gold)
        assert await read(client, limit=limit, instrument=["XAUUSD", "EURUSD"]) == of(gold, euro)
        assert await read(client, limit=limit, instrument="XA*") == of(gold, silver)
        assert await read(client, limit=limit, producer="beta") == of(euro)
        assert await read(client, limit=limit, payload='{"n":1}') == of(silver)


async def test_what_waits_for_an_older_transaction_is_not_told_yet(database: Database) -> None:
    async with reading(database.url) as client:
        signal = insert_signal(database)["id"]
        async with open_transaction(database):
            change(database, signal)
            given = await page(client)
            assert [shape(event)[1] for event in given["events"]] in ([], [0])  # others may keep the signal back too

        async def told() -> bool:
            return len(await read(client)) == 3

        await until_true(told, "all is there")


async def test_what_was_approved_and_is_no_longer_there_takes_no_room(database: Database) -> None:
    """Red when it counts against the limit: then such a page ends early, and goes on behind what it did not give."""
    gone = [insert_signal(database, approval="required")["id"] for _ in range(3)]
    for signal in gone:
        change(database, signal, 1)
    ids = insert_many(database, 3)
    database.execute("DELETE FROM signals WHERE id = ANY($1)", gone)
    async with reading(database.url) as client:

        async def whole() -> bool:
            return await read(client) == [(each, 0) for each in ids]

        await until_true(whole, "all is there")
        assert await read(client, limit=2) == [(each, 0) for each in ids]


async def test_a_time_begins_with_changes_from_then_on(database: Database) -> None:
    """Red when only signals are surveyed: a place is taken for older than it is, and a change before it left out."""
    first = insert_signal(database)["id"]
    second = insert_signal(database)["id"]
    since = database.value("SELECT clock_timestamp()")
    async with reading(database.url, LIMITS) as client:
        database.execute("BEGIN")
        change(database, first, 1)  # gets its number now, and stands before what is stored next
        async with open_transaction(database, "EURUSD") as third:
            pass
        database.execute("COMMIT")
        change(database, second)

        async def surveyed() -> bool:
            newest = "SELECT epoch, xact, id FROM transitions ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"
            return database.fetch(newest) == database.fetch("SELECT epoch, xact, id FROM survey")

        await until_true(surveyed, "all is surveyed")
        found = await read(client, from_=since.isoformat())
    assert found == [(str(first), 1), (third, 0), (str(second), 1)]


async def test_what_becomes_of_few_is_found_by_the_index_of_payloads(database: Database) -> None:
    """Red when only signals are looked up by it: then a page goes past what became of them."""
    [rare] = insert_many(database, 1, payload='{"order":{"id":7}}')
    for status in (1, 2):
        insert_many(database, 40)
        change(database, rare, status, status - 1)
    insert_many(database, 40)
    async with orm(database.url):
        assert await payload_index.create(database.url, "tester")
    looks_at_few = replace(LIMITS, page_payload_bytes=20_000)
    async with reading(database.url, looks_at_few, signals_payload_max_bytes=1000) as client:

        async def found() -> bool:
            return await read(client, payload='{"order":{"id":7}}') == [(rare, 0), (rare, 1), (rare, 2)]

        await until_true(found, "the signal and what became of it are there")
