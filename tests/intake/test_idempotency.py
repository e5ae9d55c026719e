"""Idempotency-Key: its form, and what it does to a repeat."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.intake.storing import count
from tests.postgres.rows import loose_receipts
from tests.postgres.time_zone import CLOCKS_CHANGE, set_time_zone
from tests.running.application import JSON, NOW, PATIENT, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database

KEY = "idempotency-key"
DAY = timedelta(days=1)

pytestmark = pytest.mark.anyio


async def send(
    client: httpx.AsyncClient, body: bytes, *keys: str | bytes, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Send a body under keys, unsigned or with the headers of a signature."""
    lines: Sequence[tuple[Any, Any]] = [*(headers or JSON).items(), *((KEY, key) for key in keys)]
    return await client.post(SIGNALS, content=body, headers=lines)


def anew(body: bytes, seconds: int, producer_id: str = "alpha") -> Mapping[str, str]:
    """The headers of the same body, signed some seconds later."""
    return signing_headers(body, moment=NOW + timedelta(seconds=seconds), producer_id=producer_id)


WELL_FORMED = ["k", '"k"', "x" * 128, f'"{"x" * 128}"', f'"{chr(92) * 2 * 128}"', 'a"b', "a b", "k;x=1", "{k}", '"a b"']
ILL_FORMED = [
    "",
    '""',
    "x" * 129,
    f'"{"x" * 129}"',
    '"k',
    '"a"b"',
    '"k";x=1',
    '"a\\b"',
    "ключ".encode(),
    b"a\x01b",
    '"',
]


@pytest.mark.parametrize("key", WELL_FORMED)
async def test_keys_that_are_taken(direct_database: Database, key: str) -> None:
    async with serving(direct_database.url) as client:
        answers = [await send(client, signal_body(), key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert count(direct_database, "signals") == 1


@pytest.mark.parametrize("key", ILL_FORMED)
async def test_keys_that_are_refused(direct_database: Database, key: str | bytes) -> None:
    refused = figure("signals_rejected_total", code="idempotency_key_invalid")
    async with serving(direct_database.url) as client:
        answer = await send(client, signal_body(), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert figure("signals_rejected_total", code="idempotency_key_invalid") == refused + 1
    assert count(direct_database, "signals") == 0


async def test_two_keys_are_none(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        assert (await send(client, signal_body(), "k", "k")).status_code == 400


async def test_quoted_and_bare_it_is_the_same_key(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        answers = [await send(client, signal_body(), key) for key in ("k", '"k"')]
        other = [await send(client, signal_body(), key) for key in ('"a\\"b"', 'a"b')]
    assert answers[0].content == answers[1].content != other[0].content == other[1].content
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true"]


async def test_signed_anew_after_the_window_it_is_the_first_answer(direct_database: Database) -> None:
    body = signal_body()
    async with serving(direct_database.url, signing=True) as client:
        first = await send(client, body, "k", headers=signing_headers(body))
    async with serving(direct_database.url, signing=True, clock=lambda: NOW + timedelta(hours=1)) as client:
        again = await send(client, body, "k", headers=anew(body, 3600))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert count(direct_database, "signals") == 1


async def test_it_is_the_first_answer_although_the_signal_is_too_old_now(direct_database: Database) -> None:
    body = signal_body(time=NOW.isoformat())
    settings: dict[str, Any] = {"signing": True, "signals_time_max_age_seconds": 60}
    async with serving(direct_database.url, **settings) as client:
        first = await send(client, body, "k", headers=anew(body, 0))
    async with serving(direct_database.url, clock=lambda: NOW + timedelta(seconds=100), **settings) as client:
        again = await send(client, body, "k", headers=anew(body, 100))
        other = await send(client, body, "another", headers=anew(body, 101))
    assert (again.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["code"]) == (422, "validation_failed")


async def test_another_body_is_a_mismatch(direct_database: Database) -> None:
    refused = figure("signals_rejected_total", code="idempotency_mismatch")
    async with serving(direct_database.url) as client:
        await send(client, signal_body(), "k")
        answers = [await send(client, body, "k") for body in (signal_body(side=1), signal_body() + b" ")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "idempotency_mismatch")] * 2
    assert figure("signals_rejected_total", code="idempotency_mismatch") == refused + 2
    assert count(direct_database, "signals") == 1


async def test_producers_do_not_share_keys_and_the_unsigned_have_their_own(direct_database: Database) -> None:
    body = signal_body()
    async with serving(direct_database.url, signing=True) as client:
        signed = [await send(client, body, "k", headers=anew(body, 0, name)) for name in ("alpha", "beta")]
    async with serving(direct_database.url) as client:
        unsigned = await send(client, signal_body(side=1), "k", headers={**JSON, "X-Producer-Id": "alpha"})
        nobody = await send(client, body, "k")
    assert [answer.status_code for answer in (*signed, unsigned, nobody)] == [201] * 4
    assert count(direct_database, "signals") == 4


@pytest.mark.parametrize("fault", [b"{", signal_body(side=7), signal_body(time="2026-01-31T11:00:00")])
async def test_a_refusal_leaves_the_key(direct_database: Database, fault: bytes) -> None:
    async with serving(direct_database.url) as client:
        assert (await send(client, fault, "k")).status_code in {400, 422}
        answer = await send(client, signal_body(), "k")
    assert (answer.status_code, answer.headers.get("idempotent-replayed")) == (201, None)


async def test_a_repeat_is_free_within_the_rate_and_refused_beyond_it(direct_database: Database) -> None:
    body, other = signal_body(), signal_body(side=1)
    direct_database.execute("TRUNCATE quotas")
    async with serving(direct_database.url, signing=True) as client:
        first = await send(client, body, "k", headers=anew(body, 0))
    async with serving(direct_database.url, limits=PATIENT, signing=True, signals_producer_rate="1/h") as client:
        within = [await send(client, body, "k", headers=anew(body, seconds)) for seconds in (1, 2, 3)]
        last = await send(client, other, headers=anew(other, 4))
        beyond = await send(client, body, "k", headers=anew(body, 5))
        resend = await send(client, body, "k", headers=anew(body, 2))
    assert {answer.content for answer in (*within, resend)} == {first.content}
    assert (last.status_code, beyond.status_code, resend.status_code) == (201, 429, 201)


async def test_two_hundred_twins_over_two_processes_are_one(direct_database: Database) -> None:
    body = signal_body()
    settings: dict[str, Any] = {"signing": True}
    async with serving(direct_database.url, **settings) as one, serving(direct_database.url, **settings) as two:
        sent = [send(client, body, "k", headers=anew(body, seconds)) for seconds in range(100) for client in (one, two)]
        answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
    assert count(direct_database, "signals") == 1
    assert loose_receipts(direct_database) == 0


async def test_it_holds_for_24_hours_and_no_longer_also_where_clocks_change(direct_database: Database) -> None:
    set_time_zone(direct_database, CLOCKS_CHANGE)
    async with serving(direct_database.url) as client:
        first = await send(client, signal_body(), "k")
        held = direct_database.value("SELECT expires_at - created_at FROM receipts")
        direct_database.execute("UPDATE receipts SET expires_at = now()")
        second = await send(client, signal_body(), "k")
    assert held == DAY
    assert (second.status_code, second.headers.get("idempotent-replayed")) == (201, None)
    assert second.json()["id"] != first.json()["id"]
