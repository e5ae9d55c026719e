"""Decisions of readers: which there are, what they change, and how they are told."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.typing import EventDict

from service.http.errors import ValidationFailed
from service.kernel.timestamps import utc_now, utc_text
from service.lifecycle.decision import of_reader
from service.lives.lives import begin_life
from tests.lifecycle.deciding import BY_HAND, CLOSED, NEW, QUEUED, desk
from tests.postgres.locks import until_somebody_waits
from tests.postgres.roles import documented_role
from tests.postgres.rows import insert_signal
from tests.running.application import JSON, SIGNALS, figure, serving
from tests.running.postgres import Database, Row
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

SAID = "SELECT * FROM transitions ORDER BY epoch, xact, id"
AT_ONCE = 30


def as_event(row: Row) -> dict[str, Any]:
    """A transition as it is told."""
    return {
        "event": "status",
        "signal_id": str(row["signal_id"]),
        "instrument": row["instrument"],
        "producer_id": row["producer_id"],
        "status": row["to_status"],
        "state_version": row["state_version"],
        "reason": row["reason"],
        "at": utc_text(row["at"]),
        "by": row["by"],
    }


async def test_a_signal_is_queued_and_closed_and_all_that_is_told(
    database: Database, log_lines: list[EventDict]
) -> None:
    signal, other = insert_signal(database)["id"], insert_signal(database, instrument="EURUSD", producer_id=None)["id"]
    before = figure("signals_decisions_total", status="2")
    async with desk(database) as at:
        assert (await at.signal(signal)).items() >= {"status": NEW, "state_version": 0, "history": []}.items()
        queued = await at.decide(signal, QUEUED)
        closed = await at.decide(signal, CLOSED, "too late")
        rejected = await at.decide(other, CLOSED, "no")
        shown = await at.client.get(f"{SIGNALS}/{signal}", headers=at.bearing("carl"))
        events = await at.events(by="carl")
    rows = database.fetch(SAID)
    told = [as_event(row) for row in rows]
    assert [answer.json() for answer in (queued, closed, rejected)] == told
    assert [(each["status"], each["state_version"], each["reason"], each["by"]) for each in told] == [
        (QUEUED, 1, None, "anna"),
        (CLOSED, 2, "too late", "anna"),
        (CLOSED, 1, "no", "anna"),
    ]
    assert (queued.headers["ETag"], shown.headers["ETag"]) == ('"1"', '"2"')
    content = shown.json()
    assert (content["status"], content["state_version"], content["history"]) == (CLOSED, 2, told[:2])
    assert content["updated_at"] == told[1]["at"]
    assert [each["event"] for each in events] == ["signal", "signal", "status", "status", "status"]
    assert events[2:] == told
    assert {(each["signal"]["status"], each["signal"]["state_version"]) for each in events[:2]} == {(NEW, 0)}
    assert figure("signals_decisions_total", status="2") == before + 2
    lines = [line for line in log_lines if line["event"] == "Signal decided"]
    assert [(line["signal_id"], line["status"], line["by"], line["reason"]) for line in lines][1] == (
        str(signal), CLOSED, "anna", "too late"
    )  # fmt: skip
    audit = database.fetch("SELECT at, by, command, what::text FROM audit WHERE command = 'status' ORDER BY at")
    assert [(row["at"], row["by"]) for row in audit] == [(row["at"], "anna") for row in rows]
    assert str(signal) in audit[1]["what"]
    assert "too late" in audit[1]["what"]


async def test_a_state_follows_only_upon_the_one_before(database: Database) -> None:
    async with desk(database) as at:
        for before, wanted in [(QUEUED, QUEUED), (CLOSED, QUEUED), (CLOSED, CLOSED)]:
            signal = insert_signal(database, status=before)["id"]
            answer = await at.decide(signal, wanted, "why")
            assert (answer.status_code, answer.json()["code"]) == (409, "transition_refused"), (before, wanted)
            assert (await at.signal(signal))["status"] == before
    assert database.fetch(SAID) == []


async def test_who_decides_the_same_again_is_answered_as_before(database: Database) -> None:
    """Whatever If-Match says: the first answer may have been lost. But only while that state holds."""
    signal = insert_signal(database)["id"]
    async with desk(database) as at:
        first = await at.decide(signal, QUEUED, "fine", if_match='"0"')
        again = await at.decide(signal, QUEUED, "fine", if_match='"0"')
        assert (again.status_code, again.json(), again.headers["ETag"]) == (200, first.json(), '"1"')
        for words, by in (("fine", "bert"), ("well", "anna"), (None, "anna")):
            conditional = await at.decide(signal, QUEUED, words, by=by, if_match='"0"')
            assert (conditional.status_code, conditional.json()["code"]) == (412, "state_changed")
            assert (await at.decide(signal, QUEUED, words, by=by)).status_code == 409
        closed = await at.decide(signal, CLOSED, "done", if_match='"1"')
        assert (await at.decide(signal, CLOSED, "done", if_match='"1"')).json() == closed.json()
        assert (await at.decide(signal, QUEUED, "fine")).status_code == 409
        assert (await at.decide(signal, QUEUED, "fine", if_match='"0"')).status_code == 412
    assert len(database.fetch(SAID)) == 2


async def test_of_those_that_decide_at_once_one_does_and_the_others_are_told(database: Database) -> None:
    signals = [insert_signal(database)["id"] for _ in range(AT_ONCE)]
    async with desk(database) as one, serving(database.url, clock=utc_now) as client:
        two = one.by_way_of(client)
        answers = await asyncio.gather(
            *(one.decide(signal, QUEUED, if_match='"0"') for signal in signals),
            *(two.decide(signal, CLOSED, "no", by="bert", if_match='"0"') for signal in signals),
        )
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200] * AT_ONCE + [412] * AT_ONCE
    assert sorted(row["signal_id"] for row in database.fetch(SAID)) == sorted(signals)
    assert database.value("SELECT count(*) FROM audit WHERE command = 'status'") == AT_ONCE


async def test_who_waits_for_another_decision_is_judged_after_it(database: Database) -> None:
    """Red when a waiting statement goes on with what it finds: it was judged by another state."""
    signal = insert_signal(database)["id"]
    async with desk(database) as at:
        database.execute("BEGIN")
        database.execute(BY_HAND, signal, uuid4())
        waiting = asyncio.create_task(at.decide(signal, CLOSED, "late"))
        await until_somebody_waits(database)
        database.execute("COMMIT")
        answer = await waiting
        assert answer.json()["state_version"] == 2
        refused = await at.decide(signal, QUEUED, if_match='"0"')
    assert refused.status_code == 412
    steps = [(row["from_status"], row["to_status"], row["state_version"]) for row in database.fetch(SAID)]
    assert steps == [(NEW, QUEUED, 1), (QUEUED, CLOSED, 2)]


UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")


async def test_who_may_decide_and_about_what(database: Database) -> None:
    """In the order in which it is looked at: the token, whether it may decide, the body, the signal."""
    euro, gold = insert_signal(database, instrument="EURUSD")["id"], insert_signal(database)["id"]
    path = f"{SIGNALS}/{gold}/status"
    async with desk(database) as at:
        for headers, body, status, code in [
            ({}, b"{", 401, "token_missing"),
            ({"Authorization": "Bearer signals_reader_x"}, b"{", 401, "token_invalid"),
            (at.bearing("carl"), b"{", 403, "not_permitted"),
            (at.bearing("anna"), b"{", 400, "invalid_json"),
            (at.bearing("anna"), b'{"status":1,"more":"' + b"x" * 16 * 1024 + b'"}', 413, "body_too_large"),
            (at.bearing("anna") | {"Content-Type": "text/plain"}, b"{}", 415, "unsupported_media_type"),
        ]:
            answer = await at.client.post(path, content=body, headers=JSON | headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await at.decide(gold, QUEUED, by="carl")).status_code == 403
        assert (await at.client.get(path, headers=at.bearing("anna"))).status_code == 405
        for signal in (UNKNOWN, "x", UNKNOWN.hex):
            answer = await at.decide(signal, QUEUED, if_match='"7"')
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await at.decide(euro, QUEUED, by="bert")).status_code == 404
        assert (await at.decide(gold, QUEUED, by="bert")).status_code == 200


async def test_where_anybody_may_read_nobody_decides(database: Database) -> None:
    signal = insert_signal(database)["id"]
    async with desk(database, signals_readers="open") as at:
        assert (await at.decide(signal, QUEUED)).json()["code"] == "token_invalid"
        answer = await at.client.post(f"{SIGNALS}/{signal}/status", content=b"{}", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "status"),
        (b'{"status":0}', "status"),
        (b'{"status":3}', "status"),
        (b'{"status":true}', "status"),
        (b'{"status":1.0}', "status"),
        (b'{"status":"1"}', "status"),
        (b'{"status":2}', "reason"),
        (b'{"status":2,"reason":null}', "reason"),
        (b'{"status":2,"reason":""}', "reason"),
        (b'{"status":2,"reason":7}', "reason"),
        (b'{"status":1,"reason":""}', "reason"),
        (b'{"status":2,"reason":"a\\u0000b"}', "reason"),
        (b'{"status":2,"reason":"' + b"x" * 501 + b'"}', "reason"),
        (b"[]", "body"),
    ],
)
def test_what_is_no_decision_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        of_reader(body, "anna")
    assert refused.value.fields == [field]


def test_a_reason_has_up_to_500_characters_of_any_kind() -> None:
    reason = "\N{BAR CHART}" * 500
    assert of_reader(json.dumps({"status": 2, "reason": reason, "more": 1}).encode(), "anna").reason == reason


CHANGES = ["UPDATE transitions SET reason = 'x'", "DELETE FROM transitions", "TRUNCATE transitions"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_what_became_of_a_signal_is_never_changed(database: Database, change: str, role: str) -> None:
    database.execute(BY_HAND, insert_signal(database)["id"], uuid4())
    database.execute(f"SET session_replication_role = {role}")
    with pytest.raises(asyncpg.RestrictViolationError):
        database.execute(change)
    assert database.value("SELECT count(*) FROM transitions") == 1


async def test_a_decision_stands_behind_its_signal_also_in_another_life(database: Database) -> None:
    signal = insert_signal(database)["id"]
    async with desk(database) as at:
        await at.decide(signal, QUEUED)
        connection = await asyncpg.connect(database.url)
        await begin_life(connection)
        await connection.close()
        later = insert_signal(database)["id"]
        assert (await at.decide(later, CLOSED, "no")).status_code == 200
        assert (await at.decide(signal, CLOSED, "done")).status_code == 200
        events = await at.events()
    told = [(each.get("signal_id") or each["signal"]["id"], each.get("state_version")) for each in events]
    assert told == [(str(signal), None), (str(signal), 1), (str(later), None), (str(later), 1), (str(signal), 2)]


async def test_it_takes_no_more_rights_than_the_documents_give_to_the_service(database: Database) -> None:
    """To decide, to close what has expired, and to tell it; and what was told it cannot change."""
    signal = insert_signal(database)["id"]
    insert_signal(database, expires_at=database.value("SELECT clock_timestamp()"))
    with documented_role(database) as role:
        async with desk(database, role=role) as at:
            assert (await at.decide(signal, QUEUED)).status_code == 200
            assert (await at.decide(signal, QUEUED)).status_code == 200

            async def told() -> bool:
                return {each["by"] for each in await at.events() if each["event"] == "status"} == {"anna", None}

            await until_true(told, "the decision and the expiry are told")
        for change in CHANGES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                database.execute(f"SET ROLE {role}; {change}")
            database.execute("RESET ROLE")
