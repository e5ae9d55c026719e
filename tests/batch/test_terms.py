"""Signals of a batch are taken on the terms of single ones: when they expire, and whether they need approval."""

from datetime import datetime, timedelta

import httpx
import pytest

from service.kernel.timestamps import utc_now
from tests.batch.sending import body_of, item, post, signed, statuses
from tests.lifecycle.deciding import nobody_closing, signed_desk
from tests.lifecycle.expiring import from_now, stored_and_expired, until_known
from tests.running.application import serving, signing_headers
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

STORED = "SELECT expires_at, created_at, approval FROM signals ORDER BY payload->>'n'"


async def test_they_expire_as_they_say_or_as_is_set_for_all(database: Database) -> None:
    """One that expires at no such time is refused, and hurts none beside it."""
    given = from_now(database, hours=1)
    early = given - timedelta(hours=2)
    body = body_of([item(1, expires_at=given.isoformat()), item(2), item(3, expires_at=early.isoformat())])
    async with serving(database.url, clock=utc_now, signals_expire_after_seconds=60) as client:
        answer = await post(client, body)
    assert (answer.status_code, statuses(answer)) == (207, [201, 201, 422])
    assert answer.json()["results"][2]["detail"][0]["loc"] == ["body", "signals", 2, "expires_at"]
    first, second = database.fetch(STORED)
    assert (first["expires_at"], second["expires_at"] - second["created_at"]) == (given, timedelta(minutes=1))


async def test_they_need_approval_where_it_is_asked_of_their_producer(database: Database) -> None:
    async with signed_desk(database) as at:
        body = body_of([item(1), item(2)])
        headers = signing_headers(body, producer_id="bot", secret=at.secret)
        assert (await post(at.client, body, headers)).status_code == 201
        assert await at.events(by="carl") == []
    assert [row["approval"] for row in database.fetch(STORED)] == ["required", "required"]


async def test_a_repeat_is_answered_as_at_first_after_they_have_expired(database: Database) -> None:
    """The same signed bytes, and the same key signed anew."""
    async with nobody_closing(database), serving(database.url, signing=True) as client:
        await until_known(client)

        async def send(expires_at: datetime, seconds: int = 0) -> httpx.Response:
            body = body_of([item(1, expires_at=expires_at.isoformat()), item(2)])
            return await post(client, body, {**signed(body, seconds), "Idempotency-Key": expires_at.isoformat()})

        expires_at, first = await stored_and_expired(database, send)
        assert statuses(first) == [201, 201]
        for again in (await send(expires_at), await send(expires_at, 5)):
            assert (again.status_code, again.json()) == (201, first.json())


async def test_a_duplicate_is_good_as_long_as_the_first(database: Database) -> None:
    given = from_now(database, hours=1)
    said = [given, given + timedelta(hours=1), None]
    sent = [body_of([item(1, expires_at=moment and moment.isoformat())]) for moment in said]
    async with serving(database.url, signing=True, signals_duplicates="return") as client:
        await until_known(client)
        answers = [await post(client, body, signed(body)) for body in sent]
    assert [statuses(answer) for answer in answers] == [[201], [200], [200]]
    assert len({answer.json()["results"][0]["id"] for answer in answers}) == 1
    assert [row["expires_at"] for row in database.fetch("SELECT expires_at FROM signals WHERE payload ? 'n'")] == [
        given
    ]
