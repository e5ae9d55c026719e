"""A producer looks at a signal of its own, and withdraws it."""

import json
from collections.abc import Mapping

import httpx
import pytest

from tests.lifecycle.deciding import CLOSED, desk
from tests.postgres.rows import insert_signal
from tests.running.application import JSON, SIGNALS, present, signing_headers
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio


def withdrawal(signal: object, **other: object) -> bytes:
    """The body that withdraws a signal, but for what is given."""
    return json.dumps({"status": CLOSED, "reason": "withdrawn", "id": str(signal), **other}).encode()


async def told(
    client: httpx.AsyncClient, signal: object, body: bytes, headers: Mapping[str, str] | None = None
) -> tuple[int, str | None]:
    """Status and code of what is answered to it."""
    given = signing_headers(body) if headers is None else headers
    answer = await client.post(f"{SIGNALS}/{signal}/status", content=body, headers=given)
    return answer.status_code, answer.json().get("code")


async def test_a_producer_withdraws_its_own_signal_and_nothing_else(database: Database) -> None:
    own, others = insert_signal(database)["id"], insert_signal(database, producer_id="beta")["id"]
    nobodys = insert_signal(database, producer_id=None)["id"]
    async with desk(database, signing=True, clock=present) as at:
        for other in ({"status": 1}, {"reason": "no"}, {"id": str(others)}, {"id": None}, {"status": 2.0}):
            assert await told(at.client, own, withdrawal(own, **other)) == (403, "not_permitted"), other
        assert await told(at.client, own, b"[]") == (403, "not_permitted")
        assert await told(at.client, own, b"{") == (400, "invalid_json")
        for signal in (others, nobodys, "x"):
            assert await told(at.client, signal, withdrawal(signal)) == (404, "not_found")
        body = withdrawal(str(own).upper())
        forged = signing_headers(body, secret="another-secret-of-32-bytes-for-it")
        assert await told(at.client, own, body, forged) == (401, "signature_mismatch")
        assert await told(at.client, own, body, signing_headers(body) | {"If-Match": '"7"'}) == (412, "state_changed")
        assert await told(at.client, own, body) == (200, None)
        assert await told(at.client, own, body, signing_headers(body) | {"If-Match": '"0"'}) == (200, None)
        history = (await at.signal(own))["history"]
    assert [(each["by"], each["reason"], each["status"]) for each in history] == [("alpha", "withdrawn", CLOSED)]


async def test_a_producer_looks_at_its_own_signal(database: Database) -> None:
    own, others = insert_signal(database)["id"], insert_signal(database, producer_id="beta")["id"]
    signed = signing_headers(b"")
    async with desk(database, signing=True, clock=present) as at:
        shown = await at.client.get(f"{SIGNALS}/{own}", headers=signed)
        assert (shown.status_code, shown.json()["id"]) == (200, str(own))
        assert (await at.client.get(f"{SIGNALS}/{others}", headers=signed)).json()["code"] == "not_found"
        forged = await at.client.get(f"{SIGNALS}/{own}", headers=signing_headers(b"x"))
        assert forged.json()["code"] == "signature_mismatch"
        for path in ("/api/v1/feed", "/api/v1/instruments"):
            assert (await at.client.get(path, headers=signed)).json()["code"] == "token_missing"


async def test_a_token_wins_over_a_signature_and_neither_is_a_missing_token(database: Database) -> None:
    own = insert_signal(database)["id"]
    body = withdrawal(own)
    async with desk(database, signing=True, clock=present) as at:
        assert await told(at.client, own, body, signing_headers(body) | at.bearing("carl")) == (403, "not_permitted")
        both = await at.client.get(f"{SIGNALS}/{own}", headers=signing_headers(b"x") | at.bearing("carl"))
        assert both.status_code == 200
        claimed = JSON | {"X-Producer-Id": "alpha"}
        assert await told(at.client, own, body, claimed) == (401, "token_missing")
        assert (await at.client.get(f"{SIGNALS}/{own}")).json()["code"] == "token_missing"


async def test_where_nobody_signs_no_producer_decides(database: Database) -> None:
    own = insert_signal(database)["id"]
    async with desk(database) as at:
        assert await told(at.client, own, withdrawal(own)) == (401, "token_missing")
        assert (await at.client.get(f"{SIGNALS}/{own}", headers=signing_headers(b""))).status_code == 401
