"""Which instruments there are."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.readers.scope import Scope
from tests.postgres.rows import insert_signal
from tests.readers.known import add
from tests.reading.reader import LIMITS, page, reading
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

INSTRUMENTS = "/api/v1/instruments"


async def surveyed(client: httpx.AsyncClient, names: set[str]) -> None:
    """Return when all these instruments are known."""

    async def known() -> bool:
        return {row["instrument"] for row in (await page(client, INSTRUMENTS, limit=1000))["instruments"]} >= names

    await until_true(known, "the instruments are known")


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    """The instruments of one page."""
    return [row["instrument"] for row in (await page(client, INSTRUMENTS, **query))["instruments"]]


async def test_they_are_listed_in_the_order_of_their_bytes_page_by_page(database: Database) -> None:
    given = ["A.B", "A-B", "A_B", "AXB", "AB", "B0", "ZZ.", "A_BC"]
    for name in given:
        insert_signal(database, instrument=name)
    async with reading(database.url) as client:
        await surveyed(client, set(given))
        assert await names(client) == sorted(given)
        found, after = [], ""
        while True:
            content = await page(client, INSTRUMENTS, after=after, limit=3)
            found += [row["instrument"] for row in content["instruments"]]
            if not content["more"]:
                break
            after = found[-1]
        assert found == sorted(given)
        assert await names(client, prefix="A_") == ["A_B", "A_BC"]
        assert await names(client, prefix="A_", after="A_B") == ["A_BC"]
        assert await names(client, prefix="QQ") == []


async def test_latest_is_when_its_latest_signal_was_stored(database: Database) -> None:
    rows = [insert_signal(database, producer_id=name) for name in ("alpha", "beta")]
    async with reading(database.url) as client:
        await surveyed(client, {"XAUUSD"})

        async def is_latest() -> bool:
            [row] = (await page(client, INSTRUMENTS))["instruments"]
            return bool(row["latest"] == rows[-1]["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

        await until_true(is_latest, "the latest signal is known")


async def test_a_reader_sees_those_of_its_scope(database: Database) -> None:
    insert_signal(database, instrument="EURUSD")
    insert_signal(database, instrument="EURGBP", producer_id="beta")
    insert_signal(database, instrument="XAUUSD")
    insert_signal(database, instrument="EURJPY", producer_id=None)
    token = await add(database, scope=Scope(("EUR*",), ("alpha",)))
    async with reading(database.url) as client:
        await surveyed(client, {"EURUSD", "EURGBP", "XAUUSD", "EURJPY"})
    async with reading(database.url, signals_readers="tokens") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert await names(client) == ["EURUSD"]


@pytest.mark.parametrize("query", ["prefix=xau", "after=*", "limit=0", "instrument=XAUUSD", "prefix=A&prefix=B"])
async def test_a_wrong_parameter_is_refused(database: Database, query: str) -> None:
    async with reading(database.url) as client:
        assert (await client.get(f"{INSTRUMENTS}?{query}")).status_code == 422


async def test_a_survey_in_small_bites_finds_the_same(database: Database) -> None:
    given = {f"I{number}" for number in range(10)}
    for name in given:
        insert_signal(database, instrument=name)
    async with reading(database.url, replace(LIMITS, survey_rows=3)) as client:
        await surveyed(client, given)
    assert database.value("SELECT count(*) FROM horizons") >= 4
