"""Signals of a batch are taken on the terms of single ones: when they expire, and whether they need approval."""

from datetime import datetime, timedelta

import pytest

from service.kernel.timestamps import utc_now
from tests.batch.sending import body_of, item, post, statuses
from tests.lifecycle.test_approval import signed_desk
from tests.running.application import serving, signing_headers
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

STORED = "SELECT expires_at, created_at, approval FROM signals ORDER BY payload->>'n'"


async def test_they_expire_as_they_say_or_as_is_set_for_all(database: Database) -> None:
    """One that expires at no such time is refused, and hurts none beside it."""
    given: datetime = database.value("SELECT clock_timestamp()") + timedelta(hours=1)
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
