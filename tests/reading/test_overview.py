"""What this machine has stored and refused."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY, Metric
from prometheus_client.registry import Collector

from service.feed import Filter
from service.readers.scope import Scope
from service.reading.overview import Overview
from tests.readers.known import add
from tests.reading.reader import LIMITS, page, reading
from tests.running.application import JSON, SIGNALS, serving, signal_body
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

OVERVIEW = "/api/v1/overview"
START = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)


class Hands:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Collections(Collector):
    """Counts how often the figures of a process are collected."""

    number = 0

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> list[Metric]:
        self.number += 1
        return []


async def test_signals_are_counted_by_the_minute(database: Database) -> None:
    hands = Hands()
    async with serving(database.url, clock=hands, limits=LIMITS, signals_readers="open") as client:
        for number in (2, 0, 3):
            for _ in range(number):
                answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
                assert answer.status_code == 201
            given = await page(client, OVERVIEW)
            hands.now += timedelta(minutes=1)
        refused = await client.post(SIGNALS, headers=JSON, content=signal_body(side=7))
        assert refused.status_code == 422
        given = await page(client, OVERVIEW)
    assert [minute["count"] for minute in given["signals"]] == [2, 0, 3, 0]
    assert given["signals"][0]["minute"] == "2026-01-31T12:00:00.000000Z"
    assert given["refusals"] == {"validation_failed": 1}
    assert given["since"] == "2026-01-31T12:00:30.000000Z"


async def test_the_counters_are_not_read_for_each_request() -> None:
    """With worker processes that is the reading of many files, while nothing else is done."""
    hands, collections = Hands(), Collections()
    overview = Overview(hands)
    REGISTRY.register(collections)
    try:
        for _ in range(2):
            for _ in range(100):
                await overview.content(Scope(), Filter())
            hands.now += timedelta(seconds=1)
    finally:
        REGISTRY.unregister(collections)
    assert collections.number == 2


async def test_what_is_older_than_an_hour_is_not_told(database: Database) -> None:
    hands = Hands()
    async with serving(database.url, clock=hands, limits=LIMITS, signals_readers="open") as client:
        for _ in range(70):
            await client.post(SIGNALS, headers=JSON, content=signal_body())
            given = await page(client, OVERVIEW)
            hands.now += timedelta(minutes=1)
    assert [minute["count"] for minute in given["signals"]] == [1] * 60


async def test_a_reader_is_told_of_its_scope(database: Database) -> None:
    gold = await add(database, "gold", Scope(("XAU*",)))
    alpha = await add(database, "alpha", Scope(producers=("alpha",)))
    async with reading(database.url, signals_readers="tokens") as client:
        for name in ("XAUUSD", "EURUSD"):
            await client.post(SIGNALS, headers=JSON, content=signal_body(instrument=name))
        client.headers["Authorization"] = f"Bearer {gold}"
        given = await page(client, OVERVIEW)
        assert sum(minute["count"] for minute in given["signals"]) == 1
        assert given["refusals"] is None
        client.headers["Authorization"] = f"Bearer {alpha}"
        given = await page(client, OVERVIEW)
        assert (given["signals"], given["refusals"]) == (None, None)
