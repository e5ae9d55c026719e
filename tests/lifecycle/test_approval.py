"""Signals that need approval: given to nobody before, but to those who may approve, and then as they were approved."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.postgres.orm import orm
from service.producers import registry
from tests.lifecycle.deciding import CLOSED, NEW, PATIENT, QUEUED, Desk, desk, nobody_closing, signed_desk
from tests.postgres.rows import insert_signal
from tests.running.application import SECRET, SIGNALS, figure, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

WAITING = {"unapproved": "true"}


def waiting(database: Database, **values: object) -> str:
    """A stored signal that needs approval; its id."""
    return str(insert_signal(database, approval="required", **values)["id"])


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    """Kind, signal, status and version of the state, of each event."""
    return [
        (each["event"], each["signal_id"], each["status"], each["state_version"])
        if each["event"] == "status"
        else (each["event"], *(each["signal"][name] for name in ("id", "status", "state_version")))
        for each in events
    ]


async def test_who_may_not_approve_meets_a_signal_where_it_is_approved(database: Database) -> None:
    signal = waiting(database)
    other = str(insert_signal(database)["id"])
    async with desk(database) as at:
        assert told(await at.events(by="carl")) == [("signal", other, NEW, 0)]
        early = [("signal", signal, NEW, 0), ("signal", other, NEW, 0)]
        assert told(await at.events()) == told(await at.events(by="carl", **WAITING)) == early
        approved = (await at.decide(signal, QUEUED)).json()
        later = str(insert_signal(database)["id"])
        await at.decide(signal, CLOSED, "done")
        for limit in (1, 1000):
            late = [("signal", other, NEW, 0), ("signal", signal, QUEUED, 1), ("signal", later, NEW, 0)]
            assert told(await at.events(by="carl", limit=limit)) == [*late, ("status", signal, CLOSED, 2)]
            change = ("status", signal, QUEUED, 1)
            after = [*early, change, ("signal", later, NEW, 0), ("status", signal, CLOSED, 2)]
            assert told(await at.events(limit=limit)) == after
            assert told(await at.events(by="carl", limit=limit, **WAITING)) == after
        [given] = [
            each["signal"]
            for each in await at.events(by="carl", instrument="XAUUSD")
            if told([each])[0][1:3] == (signal, 1)
        ]
        shown = await at.signal(signal, by="carl")
    assert (given["approval"], given["updated_at"]) == ("required", approved["at"])
    assert given.keys() == shown.keys() - {"history"}


async def test_what_is_closed_without_approval_was_never_there(database: Database) -> None:
    """Nor is its closing: rejected, expired, or withdrawn."""
    rejected, expired = waiting(database, instrument="GONE"), waiting(database, instrument="GONE")
    database.execute("UPDATE signals SET expires_at = now() WHERE id = $1::text::uuid", expired)
    async with desk(database, limits=replace(PATIENT, expiry_seconds=0.05)) as at:
        await at.decide(rejected, CLOSED, "no")

        async def closed() -> bool:
            return len(await at.events()) == 4

        await until_true(closed, "both are closed")
        assert await at.events(by="carl") == []
        for signal in (rejected, expired):
            answer = await at.client.get(f"{SIGNALS}/{signal}", headers=at.bearing("carl"))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await at.signal(signal))["status"] == CLOSED


async def test_an_id_instruments_and_figures_leave_out_what_waits(database: Database) -> None:
    signal = waiting(database, instrument="WAITING")
    async with desk(database) as at:

        async def names(by: str, **query: str) -> list[str]:
            answer = await at.client.get("/api/v1/instruments", headers=at.bearing(by), params=query)
            return [each["instrument"] for each in answer.json()["instruments"]]

        async def surveyed() -> bool:
            return await names("anna") == ["WAITING"]

        await until_true(surveyed, "who may approve sees the instrument")
        assert (await at.client.get(f"{SIGNALS}/{signal}", headers=at.bearing("carl"))).status_code == 404
        assert (await at.signal(signal, by="carl", **WAITING))["approval"] == "required"
        assert await names("carl") == []
        assert await names("carl", **WAITING) == ["WAITING"]
        await at.decide(signal, QUEUED)

        async def given() -> bool:
            return await names("carl") == ["WAITING"]

        await until_true(given, "everybody sees the instrument")
        assert (await at.signal(signal, by="carl"))["status"] == QUEUED


async def send(at: Desk, producer: str, number: int) -> str:
    body = signal_body(payload={"number": number})
    secret = at.secret if producer == "bot" else SECRET
    answer = await at.client.post(
        SIGNALS, content=body, headers=signing_headers(body, producer_id=producer, secret=secret)
    )
    assert answer.status_code == 201, answer.text
    signal: str = answer.json()["id"]
    return signal


async def test_approval_is_asked_of_a_producer_and_kept_with_each_signal(database: Database) -> None:
    before = figure("signals_waiting_total", instrument="XAUUSD")
    async with signed_desk(database) as at:
        first, others = await send(at, "bot", 1), await send(at, "alpha", 1)
        async with orm(database.url):
            await registry.update("somebody", "producers set", "bot", approval=False)

        async def learnt() -> bool:
            stored = database.value("SELECT count(*)::int FROM signals")
            shown = await at.signal(await send(at, "bot", stored + 1))
            return bool(shown["approval"] == "none")

        await until_true(learnt, "the service knows that no approval is needed any more")
        assert [(await at.signal(each))["approval"] for each in (first, others)] == ["required", "none"]
        overview = [await at.client.get("/api/v1/overview", headers=at.bearing(by)) for by in ("anna", "carl")]
        stored = [sum(each["count"] for each in answer.json()["signals"]) for answer in overview]
    waited = database.value("SELECT count(*) FROM signals WHERE approval = 'required'")
    assert stored[0] - stored[1] == waited > 0
    assert figure("signals_waiting_total", instrument="XAUUSD") - before == waited


async def test_a_producer_sees_its_own_signal_before_it_is_approved(database: Database) -> None:
    async with signed_desk(database) as at:
        signal = await send(at, "bot", 1)
        headers = signing_headers(b"", producer_id="bot", secret=at.secret)
        assert (await at.client.get(f"{SIGNALS}/{signal}", headers=headers)).status_code == 200


async def test_who_approves_and_who_rejects_at_once_do_not_both(database: Database) -> None:
    signals = [waiting(database) for _ in range(20)]
    async with desk(database) as at:
        answers = await asyncio.gather(
            *(at.decide(signal, QUEUED, if_match='"0"') for signal in signals),
            *(at.decide(signal, CLOSED, "no", by="bert", if_match='"0"') for signal in signals),
        )
        assert sorted(answer.status_code for answer in answers) == [200] * 20 + [412] * 20
        given = {signal for _, signal, _, _ in told(await at.events(by="carl"))}
    approved = {signal for signal, answer in zip(signals, answers, strict=False) if answer.status_code == 200}
    assert given == approved


async def test_what_has_expired_is_approved_by_nobody(database: Database) -> None:
    signal = waiting(database)
    database.execute("UPDATE signals SET expires_at = now() - $1::interval", timedelta(seconds=1))
    async with nobody_closing(database), desk(database) as at:
        assert (await at.decide(signal, QUEUED)).json()["code"] == "signal_expired"
        assert await at.events(by="carl") == []
