"""Expiry: given with a signal or set for all, seen by every read at once, and told by the feed a little later."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from service.kernel.timestamps import utc_now
from service.lifecycle import statement
from service.lifecycle.expiry import Expiry
from service.postgres.pool import Pool
from tests.lifecycle.deciding import BY_HAND, CLOSED, NEW, PATIENT, QUEUED, Desk, desk, nobody_closing
from tests.lifecycle.expiring import from_now, stored_and_expired, until_known
from tests.postgres.locks import locked, until_somebody_waits
from tests.postgres.rows import insert_signal
from tests.postgres.time_zone import CLOCKS_CHANGE, set_time_zone
from tests.reading.storing import insert_many
from tests.running.application import JSON, NOW, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import until, until_true

pytestmark = pytest.mark.anyio


async def send(at: Desk, **fields: Any) -> Any:
    """Store a signal; its row."""
    answer = await at.client.post(SIGNALS, content=signal_body(**fields), headers=JSON)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", CLOCKS_CHANGE], ids=["UTC", "east", "clocks change"])
async def test_a_signal_expires_when_it_says_or_after_the_time_that_is_set_or_never(
    database: Database, zone: str
) -> None:
    set_time_zone(database, zone)
    given = from_now(database, hours=1)
    async with nobody_closing(database), desk(database) as at:
        shown = await at.signal((await send(at, expires_at=given.isoformat()))["id"])
        assert datetime.fromisoformat(shown["expires_at"]) == given
        assert shown["expired"] is False
        for absent in ({}, {"expires_at": None}):
            assert (await at.signal((await send(at, **absent))["id"]))["expires_at"] is None
        async with serving(database.url, clock=utc_now, signals_expire_after_seconds=30 * 86_400) as client:
            later = at.by_way_of(client)
            shown = await at.signal((await send(later, expires_at=None))["id"])
            said = await at.signal((await send(later, expires_at=given.isoformat()))["id"])
        after = datetime.fromisoformat(shown["expires_at"]) - datetime.fromisoformat(shown["created_at"])
        assert after == timedelta(days=30)
        assert datetime.fromisoformat(said["expires_at"]) == given


@pytest.mark.parametrize(
    "expires_at", [timedelta(seconds=-2), timedelta(days=30, minutes=1), "tomorrow", "2026-01-31", 7, True]
)
async def test_a_signal_that_expires_at_no_such_time_is_refused(database: Database, expires_at: Any) -> None:
    if isinstance(expires_at, timedelta):
        expires_at = (from_now(database) + expires_at).isoformat()
    async with serving(database.url) as client:
        await until_known(client)
        before = database.value("SELECT count(*) FROM signals")
        answer = await client.post(SIGNALS, content=signal_body(expires_at=expires_at), headers=JSON)
    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", "expires_at"]]
    assert database.value("SELECT count(*) FROM signals") == before


async def test_a_resend_is_answered_as_at_first_after_it_has_expired(database: Database) -> None:
    """The same signed bytes, and the same key signed anew."""
    later = NOW + timedelta(seconds=5)
    async with nobody_closing(database), serving(database.url, signing=True) as client:
        await until_known(client)

        async def send(expires_at: datetime, moment: datetime = NOW) -> httpx.Response:
            body = signal_body(expires_at=expires_at.isoformat())
            headers = {**signing_headers(body, moment=moment), "Idempotency-Key": expires_at.isoformat()}
            return await client.post(SIGNALS, content=body, headers=headers)

        expires_at, first = await stored_and_expired(database, send)
        for again in (await send(expires_at), await send(expires_at, later)):
            assert (again.status_code, again.json()) == (201, first.json())


async def test_what_has_expired_is_seen_by_every_read_before_anybody_closes_it(database: Database) -> None:
    async with nobody_closing(database), desk(database) as at:
        gone = insert_signal(database, expires_at=from_now(database, seconds=-1))["id"]
        fresh = insert_signal(database, expires_at=from_now(database, hours=1))["id"]
        closed, ever = insert_signal(database)["id"], insert_signal(database)["id"]
        await at.decide(fresh, QUEUED)
        await at.decide(closed, CLOSED, "no")
        shown = {each: await at.signal(each) for each in (gone, fresh, ever)}
        assert [each["expired"] for each in shown.values()] == [True, False, False]
        assert shown[gone]["status"] == NEW
        everything = await at.events()
        assert [each["signal"]["expired"] for each in everything[:4]] == [True, False, False, False]
        assert len(everything) == 6
        live = await at.events(live="true")
        told = [each.get("signal_id") or each["signal"]["id"] for each in live]
        assert told == [str(each) for each in (fresh, ever, fresh)]
        assert await at.events(live="false") == everything
        for status in (QUEUED, CLOSED):
            refused = await at.decide(gone, status, "why")
            assert (refused.status_code, refused.json()["code"]) == (409, "signal_expired")
        assert (await at.decide(gone, QUEUED, if_match='"1"')).status_code == 412
    assert database.value("SELECT status FROM signals WHERE id = $1", gone) == NEW


@pytest.mark.parametrize("live", ["yes", "1", "", "True"])
async def test_live_is_true_or_false(shared_database: Database, live: str) -> None:
    async with serving(shared_database.url, signals_readers="open") as client:
        for path in ("/api/v1/feed", "/api/v1/feed/live"):
            answer = await client.get(path, params={"live": live})
            assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "live"])


async def test_who_waits_while_it_expires_is_too_late(database: Database) -> None:
    """Red when it is judged before somebody else lets go of the signal."""
    signal = insert_signal(database, expires_at=from_now(database, hours=1))["id"]
    async with nobody_closing(database), desk(database) as at:
        database.execute("BEGIN")
        database.execute("SELECT FROM signals WHERE id = $1 FOR UPDATE", signal)
        waiting = asyncio.create_task(at.decide(signal, QUEUED))
        await until_somebody_waits(database)
        database.execute("UPDATE signals SET expires_at = clock_timestamp() WHERE id = $1", signal)
        database.execute("COMMIT")
        answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (409, "signal_expired")
    assert database.value("SELECT status FROM signals WHERE id = $1", signal) == NEW
    assert database.value("SELECT count(*) FROM transitions") == 0


async def test_what_has_expired_is_closed_once_and_told(database: Database) -> None:
    """By one of two processes, in bites; what is closed, open for ever or yet to expire stays as it is."""
    past, coming = (from_now(database, seconds=seconds) for seconds in (-1, 3600))
    kinds = [(status, approval) for status in (NEW, QUEUED) for approval in ("none", "required", "none")]
    due = [
        insert_signal(database, expires_at=past, status=status, approval=approval)["id"] for status, approval in kinds
    ]
    for status in (NEW, QUEUED, CLOSED):
        for expires_at in (None, coming, past):
            if status == CLOSED or expires_at != past:
                insert_signal(database, status=status, expires_at=expires_at)
    before = figure("signals_expired_total")
    limits = replace(PATIENT, expiry_seconds=0.05, expiry_rows=2)
    async with desk(database, limits=limits) as at, serving(database.url, limits=limits):

        async def told() -> bool:
            return len(await at.events()) == len(due) + 13

        await until_true(told, "all that has expired is closed")
        changes = [each for each in await at.events() if each["event"] == "status"]
        await until(lambda: figure("signals_expired_open_seconds") == 0, "nothing is overdue")
    assert sorted(each["signal_id"] for each in changes) == sorted(map(str, due))
    assert {(each["status"], each["reason"], each["by"], each["state_version"]) for each in changes} == {
        (CLOSED, "expired", None, 1)
    }
    assert database.value("SELECT count(*) FROM signals WHERE status = 2") == len(due) + 3
    assert figure("signals_expired_total") == before + len(due)


async def test_what_is_stored_while_a_process_closes_is_told_before_it_is_closed(database: Database) -> None:
    """Red when the transaction of the one that closes has a number before it looks: it would be the lower one."""
    past = from_now(database, seconds=-1)
    insert_signal(database, expires_at=past)
    async with Pool(database.url, PATIENT, size=2) as pool:
        async with locked(database, "transitions"):
            closing = asyncio.create_task(Expiry(pool, PATIENT, lambda: None).look())
            await until_somebody_waits(database)
            signal = insert_signal(database, expires_at=past)
        await closing
    [change] = database.fetch("SELECT epoch, xact FROM transitions WHERE signal_id = $1", signal["id"])
    assert (change["epoch"], change["xact"]) > (signal["epoch"], signal["xact"])


async def test_what_somebody_is_deciding_about_keeps_nothing_else_open(database: Database) -> None:
    held, free = (insert_signal(database, expires_at=from_now(database, seconds=-2))["id"] for _ in range(2))
    database.execute("BEGIN")
    database.execute("UPDATE signals SET status = 1, state_version = 1 WHERE id = $1", held)
    sweep = await asyncpg.connect(database.url, server_settings={"lock_timeout": "1s"})
    assert await statement.close_expired(sweep, 10) == 1
    database.execute("COMMIT")
    assert database.value("SELECT status FROM signals WHERE id = $1", free) == CLOSED
    assert await statement.close_expired(sweep, 10) == 1
    await sweep.close()


PAUSE = """
CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
CREATE TRIGGER pause BEFORE INSERT ON transitions FOR EACH STATEMENT EXECUTE FUNCTION pause()
"""
"""A statement that writes transitions waits once it knows what was committed, and before it looks at it."""


async def test_what_was_decided_while_a_process_closes_is_left_to_the_next_look(database: Database) -> None:
    """Red when it is closed as it is found: it was seen in another state, and the decision may have the higher
    transaction."""
    signal = insert_signal(database, expires_at=from_now(database, seconds=-1))["id"]
    database.execute(PAUSE)
    database.execute("SELECT pg_advisory_lock(1)")
    sweep = await asyncpg.connect(database.url)
    closing = asyncio.create_task(statement.close_expired(sweep, 10))
    await until_somebody_waits(database)
    database.execute(BY_HAND, signal, uuid4())
    database.execute("SELECT pg_advisory_unlock(1)")
    assert await closing == 0
    assert await statement.close_expired(sweep, 10) == 1
    await sweep.close()
    steps = "SELECT from_status, to_status, state_version FROM transitions ORDER BY epoch, xact"
    assert [tuple(row.values()) for row in database.fetch(steps)] == [(NEW, QUEUED, 1), (QUEUED, CLOSED, 2)]


async def test_any_plan_uses_the_index_of_what_is_to_be_closed(database: Database) -> None:
    insert_many(database, 2000)
    database.execute("SET plan_cache_mode = force_generic_plan")
    database.execute("ANALYZE signals")
    for text, types, values in ((statement._CLOSE, "(int, uuid[])", "(10, '{}')"), (statement._OVERDUE, "", "")):
        database.execute(f"PREPARE looked{types} AS {text}")
        plan = "\n".join(row["QUERY PLAN"] for row in database.fetch(f"EXPLAIN EXECUTE looked{values}"))
        assert "ix_signals_expiring" in plan, plan
        database.execute("DEALLOCATE looked")


async def test_who_decides_as_it_expires_and_who_closes_it_do_not_both(database: Database) -> None:
    signals = [
        insert_signal(database, expires_at=from_now(database, milliseconds=300 + 10 * number)) for number in range(40)
    ]
    async with desk(database, limits=replace(PATIENT, expiry_seconds=0.01)) as at:

        async def at_its_end(signal: Any) -> Any:
            left = signal["expires_at"] - from_now(database)
            await asyncio.sleep(max(0, left.total_seconds()))
            return await at.decide(signal["id"], QUEUED)

        answers = await asyncio.gather(*map(at_its_end, signals))

        async def over() -> bool:
            return bool(database.value("SELECT bool_and(status = 2) FROM signals"))

        await until_true(over, "all have expired")
    told = database.fetch("SELECT signal_id, to_status, state_version, at FROM transitions ORDER BY epoch, xact, id")
    for signal, answer in zip(signals, answers, strict=True):
        made = [(row["to_status"], row["state_version"]) for row in told if row["signal_id"] == signal["id"]]
        decided = answer.status_code == 200
        assert decided or answer.json()["code"] == "signal_expired"
        assert made == ([(QUEUED, 1), (CLOSED, 2)] if decided else [(CLOSED, 1)])
