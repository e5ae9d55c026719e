"""POST /api/v1/signals/batch: what it stores, and what it answers to each item."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.typing import EventDict

from tests.batch.sending import BAD, body_of, item, items, post, signed, statuses
from tests.intake.storing import count
from tests.postgres.rows import loose_receipts
from tests.running.application import JSON, LIMITS, NOW, SIGNALS, figure, serving, signal_body
from tests.running.postgres import Database
from tests.speaking.exchange import BATCH

pytestmark = pytest.mark.anyio

SIGNING: dict[str, Any] = {"signing": True}


async def test_all_are_stored_with_one_commit_and_answered_in_their_order(direct_database: Database) -> None:
    body = body_of(items(20))
    async with serving(direct_database.url, signing=True) as client:
        answer = await post(client, body, signed(body))
    assert answer.status_code == 201
    assert answer.json().keys() == {"results"}
    rows = direct_database.fetch("SELECT id, created_at, payload ->> 'n' AS n, xmin::text FROM signals ORDER BY id")
    assert [UUID(result["id"]) for result in answer.json()["results"]] == [row["id"] for row in rows]
    assert [int(row["n"]) for row in rows] == [*range(20)]
    assert len({row["xmin"] for row in rows}) == 1
    assert answer.json()["results"][3] == {
        "status": 201,
        "id": str(rows[3]["id"]),
        "created_at": rows[3]["created_at"].isoformat().replace("+00:00", "Z"),
    }
    [receipt] = direct_database.fetch("SELECT signal_id, signal_ids FROM receipts")
    assert (receipt["signal_id"], receipt["signal_ids"]) == (rows[0]["id"], [row["id"] for row in rows])


async def test_every_field_is_stored_as_of_a_single_signal(direct_database: Database) -> None:
    digits = (
        '{"instrument":"BTC-USD","side":1,"time":"2026-01-31T14:00:00.5+02:00","version":7,'
        '"payload":{"p": 0.1234567890123456789012345, "q": 1950.50}}'
    )
    body = b'{"signals": [' + digits.encode() + b"]}"
    async with serving(direct_database.url, signing=True) as client:
        assert (await post(client, body, signed(body, producer_id="beta"))).status_code == 201
        assert (await client.post(SIGNALS, content=digits.encode(), headers=signed(digits.encode()))).status_code == 201
    one, two = direct_database.fetch("SELECT *, payload::text AS text FROM signals ORDER BY id")
    same = {"instrument", "side", "time", "version", "text", "status", "key_id"}
    assert {name: one[name] for name in same} == {name: two[name] for name in same}
    assert (one["text"], one["producer_id"]) == ('{"p": 0.1234567890123456789012345, "q": 1950.50}', "beta")


@pytest.mark.parametrize("bad", [(0,), (99,), (50,), (3, 7, 11), tuple(range(99))])
async def test_one_that_is_bad_hurts_no_other(direct_database: Database, bad: tuple[int, ...]) -> None:
    body = body_of(items(100, *bad))
    async with serving(direct_database.url, signing=True) as client:
        answer = await post(client, body, signed(body))
    assert answer.status_code == 207
    assert [place for place, status in enumerate(statuses(answer)) if status == 422] == list(bad)
    refused = answer.json()["results"][bad[0]]
    assert refused["code"] == "validation_failed"
    assert [fault["loc"] for fault in refused["detail"]] == [["body", "signals", bad[0], "instrument"]]
    stored = {UUID(result["id"]) for result in answer.json()["results"] if result["status"] == 201}
    assert {row["id"] for row in direct_database.fetch("SELECT id FROM signals")} == stored
    assert loose_receipts(direct_database) == 0


FAULTS = {
    '{"instrument":"XAUUSD","side":0,"side":1,"time":"2026-01-31T12:00:00Z"}': (400, "duplicate_key"),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"a":{"b":1,"b":2}}}': (
        400,
        "duplicate_key",
    ),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"a":"\\u0000"}}': (
        422,
        "validation_failed",
    ),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"a":1e400}}': (422, "validation_failed"),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","note":"\\ud800"}': (400, "invalid_json"),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"a":' + "[" * 210 + "]" * 210 + "}}": (
        400,
        "invalid_json",
    ),
    '{"instrument":"XAUUSD","side":7,"time":"yesterday"}': (422, "validation_failed"),
    '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"a":"' + "x" * 32800 + '"}}': (
        413,
        "payload_too_large",
    ),
    "null": (422, "validation_failed"),
    "7": (422, "validation_failed"),
    "[]": (422, "validation_failed"),
    '"a signal"': (422, "validation_failed"),
}


async def test_an_item_can_be_wrong_in_all_that_a_signal_can(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        for written, (status, code) in FAULTS.items():
            body = ('{"signals":[' + json.dumps(item(1)) + "," + written + "," + json.dumps(item(2)) + "]}").encode()
            rejected = figure("signals_rejected_total", code=code)
            answer = await post(client, body)
            assert figure("signals_rejected_total", code=code) == rejected + 1
            alone = await client.post(SIGNALS, content=written.encode(), headers=JSON)
            assert statuses(answer) == [201, status, 201]
            refused = answer.json()["results"][1]
            assert (refused["status"], refused["code"]) == (alone.status_code, alone.json()["code"]) == (status, code)
            if code == "validation_failed":
                places = [["body", "signals", 1, *fault["loc"][1:]] for fault in alone.json()["detail"]]
                assert [fault["loc"] for fault in refused["detail"]] == places
    assert count(direct_database, "signals") == 2 * len(FAULTS)


WHOLE = {
    b"": (400, "invalid_json"),
    b"{": (400, "invalid_json"),
    b'{"signals":[{]}': (400, "invalid_json"),
    b'{"signals":[{"side":01}]}': (400, "invalid_json"),
    b'{"signals":[{"side":NaN}]}': (400, "invalid_json"),
    b'{"signals":["\xff"]}': (400, "invalid_json"),
    b'{"signals":[{"payload":' + b"[" * 20_000 + b"]" * 20_000 + b"}]}": (400, "invalid_json"),
    b'{"signals":[1],"signals":[1]}': (400, "duplicate_key"),
    b'{"signals":[{"a":1,"a":2}],"b":{"c":1,"c":2}}': (400, "duplicate_key"),
    b'{"signals":[1],"note":"\\ud800"}': (400, "invalid_json"),
    b'{"signals":[1],"note":"\\u0000"}': (422, "validation_failed"),
    b"[]": (422, "validation_failed"),
    b"{}": (422, "validation_failed"),
    b'{"signals":null}': (422, "validation_failed"),
    b'{"signals":{}}': (422, "validation_failed"),
    b'{"signals":[]}': (422, "validation_failed"),
    b'{"signals":[1],"atomic":1}': (422, "validation_failed"),
    b'{"signals":[1],"atomic":null}': (422, "validation_failed"),
    b'{"signals":[1],"instrument":"XAUUSD"}': (422, "validation_failed"),
    b'{"signals":[1],"side":0}': (422, "validation_failed"),
    b'{"signals":[1],"time":null}': (422, "validation_failed"),
    body_of([1] * 1001): (422, "validation_failed"),
}


async def test_what_is_no_batch_is_refused_as_a_whole(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        answers = {body: await post(client, body) for body in WHOLE}
    assert {body: (answer.status_code, answer.json()["code"]) for body, answer in answers.items()} == WHOLE
    assert all(answer.json().keys() == {"code", "detail", "request_id"} for answer in answers.values())
    assert count(direct_database, "signals") == 0


async def test_other_members_of_the_envelope_are_ignored(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        assert (await post(client, body_of(items(2), note={"deep": [1]}, atomic=False))).status_code == 201


@pytest.mark.parametrize("number", [1, 1000])
async def test_as_few_and_as_many_as_there_may_be(direct_database: Database, number: int) -> None:
    async with serving(direct_database.url) as client:
        assert (await post(client, body_of(items(number)))).status_code == 201
    assert count(direct_database, "signals") == number


@pytest.mark.parametrize(("more", "status"), [(0, 201), (1, 413)])
async def test_as_large_as_it_may_be_and_a_byte_more(direct_database: Database, more: int, status: int) -> None:
    body = body_of(items(2))
    async with serving(direct_database.url, signals_batch_max_bytes=4096) as client:
        answer = await post(client, body + b" " * (4096 - len(body) + more))
    assert answer.status_code == status


async def test_when_all_are_refused_so_is_the_batch(direct_database: Database) -> None:
    body = body_of(items(3, 0, 1, 2))
    async with serving(direct_database.url, signing=True) as client:
        answer = await post(client, body, signed(body))
    assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
    assert answer.json().keys() == {"code", "detail", "request_id", "results"}
    assert statuses(answer) == [422, 422, 422]
    assert count(direct_database, "receipts") == 0


async def test_of_an_atomic_one_all_are_stored_or_none(direct_database: Database) -> None:
    bad, good = body_of(items(4, 2), atomic=True), body_of(items(4), atomic=True)
    async with serving(direct_database.url, signing=True) as client:
        answer = await post(client, bad, signed(bad))
        assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
        codes = [result["code"] for result in answer.json()["results"]]
        assert codes == ["not_stored", "not_stored", "validation_failed", "not_stored"]
        assert (count(direct_database, "signals"), count(direct_database, "receipts")) == (0, 0)
        assert (await post(client, good, signed(good))).status_code == 201
    assert count(direct_database, "signals") == 4


async def test_a_refused_duplicate_refuses_an_atomic_batch(direct_database: Database) -> None:
    body = body_of([item(1), item(2), item(1)], atomic=True)
    async with serving(direct_database.url, signals_duplicates="refuse") as client:
        answer = await post(client, body, {**JSON, "X-Producer-Id": "alpha"})
    codes = [result["code"] for result in answer.json()["results"]]
    assert codes == ["not_stored", "not_stored", "duplicate_signal"]
    assert count(direct_database, "signals") == 0


# Resends


async def test_a_resend_repeats_what_was_stored(direct_database: Database) -> None:
    body = body_of(items(5, 2))
    async with serving(direct_database.url, signing=True) as client:
        answers = [await post(client, body, signed(body)) for _ in range(3)]
    assert [answer.content for answer in answers] == [answers[0].content] * 3
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", "true"]
    assert count(direct_database, "signals") == 4
    assert loose_receipts(direct_database) == 0


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}])
async def test_what_was_refused_is_judged_anew_and_added_to_the_receipt(
    direct_database: Database, key: dict[str, str]
) -> None:
    """The first time one of them is too old, and the second time it is not."""
    body = body_of([item(1), item(2, time="2026-01-31T12:01:30Z"), item(3)])
    limits: dict[str, Any] = {**SIGNING, "signals_time_max_age_seconds": 60}
    async with serving(direct_database.url, **limits) as client:
        first = await post(client, body, {**signed(body), **key})
    async with serving(direct_database.url, clock=lambda: NOW + timedelta(seconds=60), **limits) as client:
        second = await post(client, body, {**signed(body, 60 if key else 0), **key})
        third = await post(client, body, signed(body))
    assert (statuses(first), statuses(second), statuses(third)) == ([201, 422, 201], [201] * 3, [201] * 3)
    kept = [0, 2]
    assert [second.json()["results"][place] for place in kept] == [first.json()["results"][place] for place in kept]
    assert third.content == second.content
    assert [answer.headers.get("idempotent-replayed") for answer in (first, second, third)] == [None, None, "true"]
    assert count(direct_database, "signals") == 3
    assert loose_receipts(direct_database) == 0


async def test_signed_anew_under_its_key_it_is_the_first_answer(direct_database: Database) -> None:
    body = body_of(items(3))
    async with serving(direct_database.url, signing=True) as client:
        first = await post(client, body, {**signed(body), "Idempotency-Key": "k"})
        anew = await post(client, body, {**signed(body, 1), "Idempotency-Key": '"k"'})
        resend = await post(client, body, signed(body, 1))
        other = body_of(items(4))
        mismatch = await post(client, other, {**signed(other), "Idempotency-Key": "k"})
    assert first.content == anew.content == resend.content
    assert (mismatch.status_code, mismatch.json()["code"]) == (422, "idempotency_mismatch")
    assert count(direct_database, "signals") == 3


async def test_a_key_of_one_route_is_none_of_the_other(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        single = await client.post(SIGNALS, content=signal_body(), headers={**JSON, "Idempotency-Key": "k"})
        batch = await post(client, body_of(items(1)), {**JSON, "Idempotency-Key": "k"})
        again = await client.post(SIGNALS, content=signal_body(), headers={**JSON, "Idempotency-Key": "k"})
    assert (single.status_code, batch.status_code, again.content) == (201, 201, single.content)


async def test_a_batch_that_was_refused_leaves_its_key(direct_database: Database) -> None:
    async with serving(direct_database.url) as client:
        for fault in (b"{", body_of(items(2, 0, 1)), body_of(items(2, 1), atomic=True)):
            assert (await post(client, fault, {**JSON, "Idempotency-Key": "k"})).status_code in {400, 422}
        assert (await post(client, body_of(items(2)), {**JSON, "Idempotency-Key": "k"})).status_code == 201


async def test_the_signature_of_a_batch_is_none_of_a_signal_and_the_other_way_round(direct_database: Database) -> None:
    batch, single = body_of(items(1)), signal_body()
    both = json.dumps({**json.loads(single), "signals": items(1)}).encode()
    async with serving(direct_database.url, signing=True) as client:
        as_signal = await client.post(SIGNALS, content=batch, headers=signed(batch))
        as_batch = await post(client, single, signed(single))
        mixed = await post(client, both, signed(both))
    assert [answer.status_code for answer in (as_signal, as_batch, mixed)] == [422] * 3
    assert mixed.json()["detail"][0]["loc"] == ["body", "instrument"]
    assert count(direct_database, "signals") == 0


async def test_the_batch_is_not_to_be_read_and_its_signals_are(direct_database: Database) -> None:
    async with serving(direct_database.url, app_env="development", signals_readers="open") as client:
        stored = (await post(client, body_of(items(2)))).json()["results"]
        answer = await client.get(BATCH)
        read = [(await client.get(f"{SIGNALS}/{result['id']}")).json() for result in stored]
        events = (await client.get("/api/v1/feed", params={"wait": 5})).json()["events"]
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert [signal["payload"] for signal in read] == [{"n": 0}, {"n": 1}]
    assert [event["signal"] | {"history": []} for event in events] == read


async def test_it_is_proven_as_a_signal_is(direct_database: Database) -> None:
    body = body_of(items(1))
    async with serving(direct_database.url, signing=True) as client:
        answers = [await post(client, body), await post(client, body, signed(body + b" "))]
    assert [answer.json()["code"] for answer in answers] == ["header_missing", "signature_mismatch"]


# Twins


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "k"}])
async def test_twins_at_two_processes_are_one(direct_database: Database, key: dict[str, str]) -> None:
    body = body_of(items(20))
    async with serving(direct_database.url, **SIGNING) as one, serving(direct_database.url, **SIGNING) as two:
        sent = (
            post(client, body, {**signed(body, number if key else 0), **key})
            for number in range(5)
            for client in (one, two)
        )
        answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
    assert count(direct_database, "signals") == 20
    assert loose_receipts(direct_database) == 0


@pytest.mark.parametrize(("duplicates", "status"), [("return", 200), ("refuse", 409)])
async def test_batches_of_the_same_contents_in_opposite_orders_do_not_stop_each_other(
    direct_database: Database, log_lines: list[EventDict], duplicates: str, status: int
) -> None:
    """PostgreSQL would end one of two that wait for each other, and that would be told."""
    there, back = body_of(items(100)), body_of(items(100)[::-1])
    settings: dict[str, Any] = {**SIGNING, "signals_duplicates": duplicates}
    async with serving(direct_database.url, **settings) as one, serving(direct_database.url, **settings) as two:
        answers = await asyncio.gather(
            *(
                post(client, body, signed(body, seconds))
                for seconds, (client, body) in enumerate([(one, there), (two, back), (one, back), (two, there)])
            )
        )
    told = [status for answer in answers for status in statuses(answer)]
    assert (told.count(201), told.count(status)) == (100, 300)
    assert count(direct_database, "signals") == 100
    assert not [line for line in log_lines if line["event"] == "Database write failed"]
    assert loose_receipts(direct_database) == 0


async def test_duplicates_within_a_batch_and_of_earlier_signals(direct_database: Database) -> None:
    body = body_of([item(1), item(2), item(1), item(2, payload={"other": 1}), item(3)])
    async with serving(direct_database.url, signals_duplicates="return", **SIGNING) as client:
        single = json.dumps(item(3)).encode()
        first = (await client.post(SIGNALS, content=single, headers=signed(single))).json()["id"]
        answer = await post(client, body, signed(body))
        again = await post(client, body, signed(body))
    results = answer.json()["results"]
    assert statuses(answer) == [201, 201, 200, 200, 200]
    assert [result.get("duplicate_of") for result in results[2:]] == [results[0]["id"], results[1]["id"], first]
    assert [result.get("differs") for result in results] == [None, None, None, True, None]
    assert answer.status_code == 201
    assert again.content == answer.content
    assert count(direct_database, "signals") == 3
    assert loose_receipts(direct_database) == 0


# Rates


async def test_each_stored_item_counts_towards_the_rate(direct_database: Database) -> None:
    direct_database.execute("TRUNCATE quotas")
    body, other = body_of(items(10, 0)), body_of(items(10))
    async with serving(direct_database.url, signals_producer_rate="10/s", **SIGNING) as client:
        answer = await post(client, body, signed(body))
        beyond = await post(client, other, signed(other))
        resend = await post(client, body, signed(body))
    assert answer.status_code == 207
    assert answer.headers["RateLimit"].split(";")[1] in {"r=9", "r=10"}
    assert (beyond.status_code, beyond.json()["code"]) == (429, "rate_limited")
    assert int(beyond.headers["Retry-After"]) >= 1
    assert resend.content == answer.content
    assert count(direct_database, "signals") == 9


async def test_more_than_ever_pass_at_once_are_told_how_many_do(direct_database: Database) -> None:
    body = body_of(items(11), atomic=True)
    async with serving(direct_database.url, signals_producer_rate="10/s", **SIGNING) as client:
        answer = await post(client, body, signed(body))
    assert (answer.status_code, answer.json()["at_once"]) == (429, 10)
    assert count(direct_database, "signals") == 0


# The audit trail


async def test_each_stored_signal_has_its_line_and_each_refused_item_too(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    body = body_of([item(1), item(2, **BAD), item(3)])
    ingested = figure("signals_ingested_total", instrument="XAUUSD", side="buy")
    async with serving(direct_database.url, signing=True) as client:
        answer = await post(client, body, signed(body))
    results = answer.json()["results"]
    created = [line for line in log_lines if line["event"] == "Signal created"]
    assert [line["signal_id"] for line in created] == [results[0]["id"], results[2]["id"]]
    [refused] = [line for line in log_lines if line["event"] == "Signal refused"]
    assert (refused["code"], refused["place"], refused["fields"]) == ("validation_failed", 1, ["instrument"])
    assert figure("signals_ingested_total", instrument="XAUUSD", side="buy") == ingested + 2


async def test_too_many_batches_at_once_are_told_to_come_again(direct_database: Database) -> None:
    limits = replace(LIMITS, batches_waiting=0)
    async with serving(direct_database.url, limits=limits) as client:
        answer = await post(client, body_of(items(1)))
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "1"
