"""Duplicates by content: stored, returned, refused."""

import asyncio
import base64
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.keyring.sealing import SealingKeys
from service.postgres.orm import orm
from service.producers import keys, registry
from tests.intake.storing import count
from tests.postgres.rows import loose_receipts
from tests.running.application import JSON, NOW, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

RETURN: dict[str, Any] = {"signing": True, "signals_duplicates": "return"}
REFUSE: dict[str, Any] = {"signing": True, "signals_duplicates": "refuse"}


async def send(
    client: httpx.AsyncClient, seconds: int = 0, headers: Mapping[str, str] | None = None, **changes: Any
) -> httpx.Response:
    """Send a signal, signed some seconds after the others."""
    body = signal_body(**changes)
    signed = signing_headers(body, moment=NOW + timedelta(seconds=seconds))
    return await client.post(SIGNALS, content=body, headers=headers or signed)


async def test_unless_the_operator_says_otherwise_all_are_stored(direct_database: Database) -> None:
    async with serving(direct_database.url, signing=True) as client:
        answers = [await send(client, seconds) for seconds in (0, 1)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert count(direct_database, "signals") == 2


async def test_the_first_is_returned(direct_database: Database) -> None:
    returned = figure("signals_duplicates_returned_total")
    async with serving(direct_database.url, **RETURN) as client:
        first = await send(client)
        same = await send(client, 1)
        payload = await send(client, 2, payload={"price": 1})
        version = await send(client, 3, version=2)
        again = await send(client, 2, payload={"price": 1})
    answers = same, payload, version, again
    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.headers["duplicate-of"] for answer in answers} == {first.json()["id"]}
    assert same.json() == first.json()
    assert [answer.json() for answer in answers[1:]] == [first.json() | {"differs": True}] * 3
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, None, None, "true"]
    assert figure("signals_duplicates_returned_total") == returned + 3
    assert count(direct_database, "signals") == 1


async def test_the_repeat_is_refused(direct_database: Database) -> None:
    refused = figure("signals_rejected_total", code="duplicate_signal")
    async with serving(direct_database.url, **REFUSE) as client:
        first = await send(client)
        second = await send(client, 1, payload={"price": 1})
        resend = await send(client)
    assert (second.status_code, second.json()["code"]) == (409, "duplicate_signal")
    assert second.headers["duplicate-of"] == first.json()["id"]
    assert (resend.status_code, resend.content) == (201, first.content)
    assert figure("signals_rejected_total", code="duplicate_signal") == refused + 1


@pytest.mark.parametrize(
    "changes",
    [{"instrument": "XAUEUR"}, {"side": 1}, {"time": "2026-01-31T12:00:00.000001Z"}, {"time": "2026-01-31T12:00:01Z"}],
)
async def test_what_differs_is_none(direct_database: Database, changes: dict[str, Any]) -> None:
    async with serving(direct_database.url, **REFUSE) as client:
        answers = [await send(client), await send(client, 1, **changes)]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T14:00:00+02:00",
        "2026-01-31T12:00:00+00:00",
        "2026-01-31T12:00:00.0Z",
        "2026-01-31T12:00:00.0000009Z",
    ],
)
async def test_the_same_instant_is_the_same_however_it_is_written(direct_database: Database, time: str) -> None:
    async with serving(direct_database.url, **REFUSE) as client:
        answers = [await send(client), await send(client, 1, time=time)]
    assert [answer.status_code for answer in answers] == [201, 409]


async def test_of_another_producer_or_of_nobody_it_is_none(direct_database: Database) -> None:
    async with serving(direct_database.url, signals_duplicates="refuse") as client:
        senders = ["alpha", "beta", None, None, "alpha"]
        answers = [
            await send(client, headers={**JSON, **({"X-Producer-Id": name} if name else {})}) for name in senders
        ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 201, 409]


async def test_the_window_ends_when_it_is_over_however_often_it_was_repeated(direct_database: Database) -> None:
    async with serving(direct_database.url, signals_duplicate_seconds=100, **RETURN) as client:
        await send(client)
        [length] = direct_database.fetch("SELECT expires_at - created_at AS span FROM receipts WHERE length(key) = 33")
        assert length["span"] == timedelta(seconds=100)
        shift = "UPDATE receipts SET expires_at = expires_at - $1::interval WHERE length(key) = 33"
        direct_database.execute(shift, timedelta(seconds=99))
        assert (await send(client, 1)).status_code == 200
        direct_database.execute(shift, timedelta(seconds=1))
        assert (await send(client, 2)).status_code == 201


@pytest.mark.parametrize(("settings", "status"), [(RETURN, 200), (REFUSE, 409)])
async def test_each_counts_as_one_towards_the_rate(
    direct_database: Database, settings: dict[str, Any], status: int
) -> None:
    direct_database.execute("TRUNCATE quotas")
    async with serving(direct_database.url, **settings) as client:
        await send(client)
    async with serving(direct_database.url, signals_producer_rate="1/h", **settings) as client:
        answers = [await send(client, 1), await send(client, 2, side=1)]
    assert [answer.status_code for answer in answers] == [status, 429]


@pytest.mark.parametrize("settings", [RETURN, REFUSE])
async def test_twins_at_two_processes_cannot_both_win(direct_database: Database, settings: dict[str, Any]) -> None:
    async with serving(direct_database.url, **settings) as one, serving(direct_database.url, **settings) as two:
        clients = [one, two] * 50
        answers = await asyncio.gather(*(send(client, seconds) for seconds, client in enumerate(clients)))
    assert sorted({answer.status_code for answer in answers}) in ([200, 201], [201, 409])
    assert [answer.status_code for answer in answers].count(201) == 1
    assert count(direct_database, "signals") == 1
    assert loose_receipts(direct_database) == 0


async def test_what_is_said_of_a_producer_goes_before_what_is_said_of_all(own_database: Database) -> None:
    sealing = os.urandom(32)
    async with orm(own_database.url):
        key = await keys.add_producer("tests", SealingKeys([sealing]), "alpha")
        await registry.update("tests", "producers set", "alpha", duplicates="refuse")
    assert key is not None
    settings = RETURN | {"signals_sealing_keys": base64.urlsafe_b64encode(sealing).decode()}

    async def ask(client: httpx.AsyncClient, seconds: int) -> int:
        moment = NOW + timedelta(seconds=seconds)
        return (
            await send(client, headers=signing_headers(signal_body(), moment=moment, secret=key.secret))
        ).status_code

    async with serving(own_database.url, **settings) as client:
        assert [await ask(client, seconds) for seconds in (0, 1)] == [201, 409]
        async with orm(own_database.url):
            await registry.update("tests", "producers set", "alpha", duplicates=None)
        await asyncio.sleep(1)
        assert await ask(client, 2) == 200
