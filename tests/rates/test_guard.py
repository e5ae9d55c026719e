"""The way of a request past the rate of its producer, through the whole application."""

import asyncio
import base64
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from service.keyring.sealing import SealingKeys
from service.postgres.orm import orm
from service.producers import keys, registry
from tests.running.application import LIMITS, PATIENT, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

FIELDS = {"ratelimit-policy", "ratelimit"}
ONE = "1/h"


async def post(client: httpx.AsyncClient, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Send a body, signed as it is or with other headers."""
    return await client.post(SIGNALS, content=body, headers=headers or signing_headers(body))


def body(number: int = 1) -> bytes:
    """Signals that differ."""
    return signal_body(version=number)


def fields(answer: httpx.Response) -> set[str]:
    """Which fields of a rate an answer has."""
    return FIELDS & answer.headers.keys()


async def test_beyond_the_rate_a_signal_is_refused_and_told_when_to_come_again(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        assert (await post(client, body(1))).status_code == 201
        refused = figure("signals_rejected_total", code="rate_limited")
        answer = await post(client, body(2))
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer.headers["RateLimit-Policy"] == '"producer";q=1;w=3600'
    seconds = int(answer.headers["Retry-After"])
    assert 3590 <= seconds <= 3600
    assert answer.headers["RateLimit"] == f'"producer";r=0;t={seconds}'
    assert figure("signals_rejected_total", code="rate_limited") == refused + 1
    assert database.value("SELECT count(*) FROM signals") == 1


async def test_every_proven_answer_tells_of_the_rate(database: Database) -> None:
    async with serving(
        database.url, signing=True, signals_producer_rate="100/s", signals_payload_max_bytes=100
    ) as client:
        answers = [
            await post(client, each)
            for each in (
                body(),
                body(),
                signal_body(side=7),
                b"{",
                b'{"side": 0, "side": 1}',
                signal_body(payload={"x": "-" * 200}),
            )
        ]
    assert [answer.status_code for answer in answers] == [201, 201, 422, 400, 400, 413]
    assert all(fields(answer) == FIELDS for answer in answers)
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert all(answer.headers["RateLimit-Policy"] == '"producer";q=100;w=1' for answer in answers)


async def test_no_other_answer_tells_of_it(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        wrong = await post(client, body(), signing_headers(body(2)))
        unsigned = await post(client, body(), {"Content-Type": "application/json"})
        too_large = await post(client, b" " * 300_000)
        elsewhere = await client.get("/api/v1/health")
    answers = wrong, unsigned, too_large, elsewhere
    assert [answer.status_code for answer in answers] == [401, 401, 413, 200]
    assert not any(fields(answer) for answer in answers)


async def test_without_a_rate_nothing_is_told_and_nothing_is_asked(database: Database) -> None:
    async with serving(database.url, signing=True) as client:
        assert not fields(await post(client, body()))
    assert database.value("SELECT count(*) FROM quotas") == 0


async def test_without_signing_nobody_is_limited(database: Database) -> None:
    async with serving(database.url, signals_producer_rate=ONE) as client:
        for number in (1, 2, 3):
            answer = await post(client, body(number))
            assert (answer.status_code, fields(answer)) == (201, set())


async def test_a_resend_is_answered_beyond_the_rate(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        first = await post(client, body(1))
        assert (await post(client, body(2))).status_code == 429
        again = await post(client, body(1))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["RateLimit"].startswith('"producer";r=0;')


async def test_a_resend_costs_nothing(database: Database) -> None:
    async with serving(database.url, signing=True) as client:
        first = await post(client, body(1))
    async with serving(database.url, signing=True, signals_producer_rate=ONE, limits=PATIENT) as client:
        for _ in range(3):
            again = await post(client, body(1))
            assert (again.content, again.headers["RateLimit"]) == (first.content, '"producer";r=0;t=3600')
        assert (await post(client, body(2))).status_code == 201
        assert (await post(client, body(3))).status_code == 429


async def test_beyond_the_rate_so_many_resends_are_answered_and_no_more(database: Database) -> None:
    limits = replace(LIMITS, resends_per_second=3)
    async with serving(database.url, signing=True, signals_producer_rate=ONE, limits=limits) as client:
        await post(client, body(1))
        answers = [await post(client, body(1)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]


async def test_beyond_the_rate_a_faulty_body_is_no_other_matter(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        await post(client, body())
        faulty = [await post(client, each) for each in (b"{", signal_body(side=7), b"[]")]
    assert [answer.json()["code"] for answer in faulty] == ["rate_limited"] * 3


async def test_refused_requests_do_not_count(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE, limits=PATIENT) as client:
        for each in (b"{", signal_body(side=7), signal_body(time="2026-01-31T11:00:00")):
            assert (await post(client, each)).status_code in {400, 422}
        assert (await post(client, body())).status_code == 201


async def test_who_is_not_proven_uses_nothing_up(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        for number in range(20):
            assert (await post(client, body(number), signing_headers(b"another"))).status_code == 401
        assert (await post(client, body())).status_code == 201


async def test_one_producer_does_not_use_up_what_another_may_send(database: Database) -> None:
    async with serving(database.url, signing=True, signals_producer_rate=ONE) as client:
        for producer in ("alpha", "beta"):
            headers = signing_headers(body(), producer_id=producer)
            assert (await post(client, body(), headers)).status_code == 201


async def test_a_failed_request_counts_since_it_may_have_been_stored(database: Database) -> None:
    limits = replace(LIMITS, answer_seconds=0.5, retry_seconds=0.05)
    async with serving(database.url, signing=True, signals_producer_rate=ONE, limits=limits) as client:
        await asyncio.to_thread(database.execute, "ALTER TABLE signals RENAME TO elsewhere")
        assert (await post(client, body(1))).status_code == 500
        await asyncio.to_thread(database.execute, "ALTER TABLE elsewhere RENAME TO signals")
        assert (await post(client, body(2))).status_code == 429


async def test_a_rate_of_its_own_goes_before_that_of_all(database: Database) -> None:
    sealing = os.urandom(32)
    async with orm(database.url):
        key = await keys.add_producer("tests", SealingKeys([sealing]), "alpha", rate=ONE)
    assert key is not None
    settings: dict[str, Any] = {
        "signals_sealing_keys": base64.urlsafe_b64encode(sealing).decode(),
        "signals_producer_rate": "100/s",
    }

    def headers(each: bytes) -> Mapping[str, str]:
        return signing_headers(each, secret=key.secret)

    async with serving(database.url, signing=True, **settings) as client:
        answers = [await post(client, body(number), headers(body(number))) for number in (1, 2)]
        assert [answer.status_code for answer in answers] == [201, 429]
        assert fields(await post(client, body(9), signing_headers(body(9), producer_id="beta"))) == FIELDS
        async with orm(database.url):
            await registry.update("tests", "producers set", "alpha", rate="50/s")
        await asyncio.sleep(1)
        answer = await post(client, body(3), headers(body(3)))
        assert answer.headers["RateLimit-Policy"] == '"producer";q=50;w=1'
        assert answer.headers["RateLimit"].endswith(";t=1")
