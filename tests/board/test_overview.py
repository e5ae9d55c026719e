"""The figures that are not in the feed, as readers get them."""

from typing import Any

import httpx
import pytest

from service.readers.scope import Scope
from tests.readers.known import add
from tests.running.application import SIGNALS, serving
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

OVERVIEW = "/api/v1/overview"
AT = "2026-01-31T12:00:00.000000Z"


async def store(client: httpx.AsyncClient, instrument: str, times: int = 1) -> None:
    """Store signals."""
    for _ in range(times):
        answer = await client.post(SIGNALS, json={"instrument": instrument, "side": 0, "time": AT})
        assert answer.status_code == 201


async def overview(client: httpx.AsyncClient, token: str) -> Any:
    """What a reader is told."""
    answer = await client.get(OVERVIEW, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json()


async def test_a_reader_of_everything_sees_signals_by_minute_and_refusals_by_code(database: Database) -> None:
    token = await add(database)
    async with serving(database.url) as client:
        before = (await overview(client, token))["refusals"].get("unsupported_media_type", 0)
    async with serving(database.url) as client:
        await store(client, "XAUUSD", 2)
        await store(client, "EURUSD")
        await client.post(SIGNALS, content=b"{}")
        told = await overview(client, token)
    assert told["refusals"].pop("unsupported_media_type") == before + 1
    assert told.keys() == {"at", "since", "minutes", "refusals"}
    assert (told["at"], told["since"]) == (AT, AT)
    assert told["minutes"] == [{"minute": AT, "signals": 3}]


@pytest.mark.parametrize(
    ("scope", "count"), [(Scope(("XAU*",)), 2), (Scope((), ("alpha",)), 0)], ids=["an instrument", "a producer"]
)
async def test_a_reader_with_a_scope_sees_nothing_of_what_is_outside(
    database: Database, scope: Scope, count: int
) -> None:
    token = await add(database, scope=scope)
    async with serving(database.url) as client:
        await store(client, "XAUUSD", 2)
        await store(client, "EURUSD")
        told = await overview(client, token)
    assert told["minutes"] == [{"minute": AT, "signals": count}]
    assert told["refusals"] is None


async def test_nobody_else_sees_them(database: Database) -> None:
    async with serving(database.url) as client:
        assert (await client.get(OVERVIEW)).json()["code"] == "token_missing"
        wrong = await client.get(OVERVIEW, headers={"Authorization": "Bearer none"})
        assert wrong.json()["code"] == "token_invalid"


async def test_they_are_open_where_reading_is_open(database: Database) -> None:
    async with serving(database.url, app_env="development", signals_readers="open") as client:
        assert (await client.get(OVERVIEW)).json()["refusals"] is not None
