"""POST /api/v1/signals: what it answers, logs and counts."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.postgres.locks import locked
from tests.running.application import JSON, NOW, SIGNALS, figure, of_requests, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.proxy import database_proxy


@pytest.mark.anyio
async def test_a_stored_signal_is_answered_with_three_keys(shared_database: Database) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body(payload={"price": 1950.5}))
    assert answer.status_code == 201
    assert list(answer.json()) == ["id", "status", "created_at"]
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "idempotent-replayed" not in answer.headers
    [row] = shared_database.fetch("SELECT * FROM signals WHERE id = $1", UUID(answer.json()["id"]))
    assert answer.json()["status"] == row["status"] == 0
    assert answer.json()["created_at"] == row["created_at"].isoformat().replace("+00:00", "Z")
    assert row["payload"] == '{"price": 1950.5}'


@pytest.mark.parametrize("payload", ["null", None])
@pytest.mark.anyio
async def test_a_payload_of_null_is_stored_like_none(shared_database: Database, payload: str | None) -> None:
    member = f',"payload":{payload}' if payload else ""
    body = f'{{"instrument":"XAUUSD","side":1,"time":"2026-01-31T12:00:00Z"{member}}}'.encode()
    async with serving(shared_database.url) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=body)
    query = "SELECT payload IS NULL FROM signals WHERE id = $1"
    assert shared_database.value(query, UUID(answer.json()["id"])) is True


@pytest.mark.parametrize("signing", [True, False])
@pytest.mark.anyio
async def test_the_sender_is_stored_proven_or_not(shared_database: Database, signing: bool) -> None:
    body = signal_body(payload={"test": f"the sender, signing {signing}"})
    async with serving(shared_database.url, signing=signing) as client:
        answer = await client.post(SIGNALS, headers=signing_headers(body, producer_id="beta-7"), content=body)
    query = "SELECT producer_id FROM signals WHERE id = $1"
    assert shared_database.value(query, UUID(answer.json()["id"])) == "beta-7"


@pytest.mark.anyio
async def test_a_stored_signal_is_logged_with_its_context_and_without_its_payload(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    body = signal_body(payload={"note": "hidden-word"}, side=1)
    async with serving(shared_database.url, signing=True) as client:
        answer = await client.post(SIGNALS, headers=signing_headers(body), content=body)
    [line] = [line for line in log_lines if line["event"] == "Signal created"]
    assert line == {
        "event": "Signal created",
        "log_level": "info",
        "signal_id": answer.json()["id"],
        "instrument": "XAUUSD",
        "side": 1,
        "producer_id": "alpha",
    }
    assert "hidden-word" not in str(log_lines)


@pytest.mark.anyio
async def test_a_resend_gets_the_first_answer_byte_for_byte_and_is_counted_once(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    def counted() -> tuple[float, float]:
        ingested = figure("signals_ingested_total", instrument="RESENT", side="sell")
        return ingested, figure("http_requests_total", route=SIGNALS, method="POST", status="201")

    body = signal_body(instrument="RESENT", side=1)
    before = counted()
    async with serving(shared_database.url, signing=True) as client:
        first, again = [await client.post(SIGNALS, headers=signing_headers(body), content=body) for _ in range(2)]
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert counted() == (before[0] + 1, before[1] + 2)
    created = [line["event"] for line in of_requests(log_lines) if line["event"].startswith("Signal")]
    assert created == ["Signal created", "Signal replayed"]
    assert shared_database.value("SELECT count(*) FROM signals WHERE instrument = 'RESENT'") == 1


@pytest.mark.parametrize(("side", "word"), [(0, "buy"), (1, "sell")])
@pytest.mark.anyio
async def test_a_stored_signal_is_counted_and_measured(shared_database: Database, side: int, word: str) -> None:
    ingested = figure("signals_ingested_total", instrument="XAUUSD", side=word)
    measured = figure("signals_create_seconds_count")
    async with serving(shared_database.url) as client:
        await client.post(SIGNALS, headers=JSON, content=signal_body(side=side))
        await client.post(SIGNALS, headers=JSON, content=signal_body(side=2))
    assert figure("signals_ingested_total", instrument="XAUUSD", side=word) == ingested + 1
    assert figure("signals_create_seconds_count") == measured + 1


@pytest.mark.parametrize(("age", "status"), [(60, 201), (-60, 201), (60.000001, 422), (-60.000001, 422)])
@pytest.mark.anyio
async def test_a_time_may_be_required_to_be_near(shared_database: Database, age: float, status: int) -> None:
    now = NOW + timedelta(seconds=age)
    async with serving(shared_database.url, clock=lambda: now, signals_time_max_age_seconds=60) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
    assert answer.status_code == status


@pytest.mark.anyio
async def test_a_resend_that_has_become_too_old_meanwhile_gets_the_first_answer(shared_database: Database) -> None:
    now = NOW
    body = signal_body(payload={"test": "too old meanwhile"})
    async with serving(shared_database.url, clock=lambda: now, signing=True, signals_time_max_age_seconds=60) as client:
        first = await client.post(SIGNALS, headers=signing_headers(body), content=body)
        now = NOW + timedelta(seconds=200)
        again = await client.post(SIGNALS, headers=signing_headers(body), content=body)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        other = signal_body(payload={"test": "never sent before"})
        never = await client.post(SIGNALS, headers=signing_headers(other), content=other)
        assert never.json()["detail"][0]["type"] == "datetime_age"


@pytest.mark.anyio
async def test_a_resend_that_cannot_be_looked_up_is_an_internal_error(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    body = signal_body()
    settings: dict[str, Any] = {"signing": True, "signals_time_max_age_seconds": 60}
    limits, late = Limits(answer_seconds=0.3), NOW + timedelta(seconds=200)
    async with (
        database_proxy(shared_database.url) as proxy,
        serving(proxy.url, clock=lambda: late, limits=limits, **settings) as client,
    ):
        await proxy.cut()
        answer = await client.post(SIGNALS, headers=signing_headers(body), content=body)
    assert (answer.status_code, answer.json()["detail"]) == (500, "Internal server error")
    errors = [line["event"] for line in log_lines if line["log_level"] == "error"]
    assert set(errors) == {"Database write failed", "Request failed"}
    assert errors.count("Request failed") == 1


@pytest.mark.anyio
async def test_more_signals_than_the_queue_takes_are_told_to_come_again(shared_database: Database) -> None:
    async with serving(shared_database.url, signals_queue_limit=2) as client:
        async with locked(shared_database):
            posts = [client.post(SIGNALS, headers=JSON, content=signal_body()) for _ in range(3)]
            answers = [asyncio.create_task(post) for post in posts]
            done, _ = await asyncio.wait(answers, timeout=2, return_when=asyncio.FIRST_COMPLETED)
            [refused] = [task.result() for task in done]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*answers))
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert statuses == [201, 201, 503]
