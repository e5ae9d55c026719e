"""Receipts: until when a request is remembered, by whose clock, and what is told when forgetting fails."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.intake.storing import count
from tests.running.application import NOW, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import until

FORGETFUL = Limits(prune_seconds=0.02)
KEPT_SECONDS = Limits().receipt_seconds


def insert_receipts(direct_database: Database, expiry: datetime, number: int = 1) -> None:
    """Store receipts that expire at that time."""
    direct_database.execute(
        """
        INSERT INTO receipts (key, signal_id, expires_at)
        SELECT uuid_send(gen_random_uuid()), gen_random_uuid(), $1 FROM generate_series(1, $2::int)
        """,
        expiry,
        number,
    )


def test_a_receipt_is_kept_longer_than_its_request_can_pass() -> None:
    assert KEPT_SECONDS > 300 + 60


@pytest.mark.parametrize("ahead", [-300, 0, 300])
@pytest.mark.anyio
async def test_a_request_is_remembered_from_when_it_was_signed(direct_database: Database, ahead: int) -> None:
    body, moment = signal_body(), NOW + timedelta(seconds=ahead)
    async with serving(direct_database.url, signing=True) as client:
        await client.post(SIGNALS, content=body, headers=signing_headers(body, moment=moment))
    assert direct_database.value("SELECT expires_at FROM receipts") == moment + timedelta(seconds=KEPT_SECONDS)


@pytest.mark.anyio
async def test_a_database_whose_clock_jumps_makes_no_double(direct_database: Database) -> None:
    """As after a failover to a server whose clock is an hour ahead: it forgot at once what it had taken before."""
    body = signal_body()
    async with serving(direct_database.url, signing=True, limits=FORGETFUL) as client:
        first = await client.post(SIGNALS, content=body, headers=signing_headers(body))
        insert_receipts(direct_database, NOW - timedelta(seconds=1))
        direct_database.execute("UPDATE receipts SET created_at = created_at - interval '1 hour'")
        await until(lambda: count(direct_database, "receipts") == 1, "the receipts are forgotten")
        again = await client.post(SIGNALS, content=body, headers=signing_headers(body))
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert count(direct_database, "signals") == 1


@pytest.mark.parametrize("service_ahead", [timedelta(days=-100), timedelta(0), timedelta(days=100)])
@pytest.mark.anyio
async def test_a_receipt_is_forgotten_when_both_clocks_say_so(
    direct_database: Database, service_ahead: timedelta
) -> None:
    now = datetime.now(UTC)
    earlier, later = sorted([now, now + service_ahead])
    insert_receipts(direct_database, earlier - timedelta(minutes=1), 3)
    insert_receipts(direct_database, earlier + timedelta(minutes=1), 5)
    insert_receipts(direct_database, later + timedelta(minutes=1), 7)
    async with serving(direct_database.url, clock=lambda: now + service_ahead):
        await until(lambda: count(direct_database, "receipts") == 12, "the receipts are forgotten")


@pytest.mark.anyio
async def test_all_that_have_expired_are_forgotten_however_many(direct_database: Database) -> None:
    """At 5,000 signals a second there are 300,000 new receipts a minute; forgetting must keep up with that."""
    insert_receipts(direct_database, NOW - timedelta(seconds=1), 25_000)
    async with serving(direct_database.url):
        await until(lambda: count(direct_database, "receipts") == 0, "the receipts are forgotten")


@pytest.mark.anyio
async def test_several_may_forget_at_once_and_none_waits_for_another(direct_database: Database) -> None:
    insert_receipts(direct_database, NOW - timedelta(seconds=1), 3000)
    other = await asyncpg.connect(direct_database.url)
    async with other.transaction():
        await other.execute("SELECT FROM receipts LIMIT 10 FOR UPDATE")
        async with serving(direct_database.url), serving(direct_database.url), serving(direct_database.url):
            await until(lambda: count(direct_database, "receipts") == 10, "the receipts are forgotten")
    await other.close()


@pytest.mark.anyio
async def test_forgetting_that_fails_is_told_and_counted_and_tried_again(
    own_database: Database, log_lines: list[EventDict]
) -> None:
    """It failed in silence, until the disk was full of receipts."""
    before = figure("signals_background_failures_total", work="pruning")
    own_database.execute("ALTER TABLE receipts RENAME TO hidden")
    async with serving(own_database.url, limits=FORGETFUL):
        await until(
            lambda: figure("signals_background_failures_total", work="pruning") >= before + 2,
            "the receipts are forgotten",
        )
        lines = [line for line in log_lines if line.get("work") == "pruning"]
        assert {(line["event"], line["log_level"]) for line in lines} == {("Background work failed", "warning")}
        assert lines[0]["exception"].sqlstate == "42P01"
        own_database.execute("ALTER TABLE hidden RENAME TO receipts")
        insert_receipts(own_database, NOW - timedelta(seconds=1))
        await until(lambda: count(own_database, "receipts") == 0, "the receipts are forgotten")
