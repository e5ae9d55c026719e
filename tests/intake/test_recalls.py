"""Resends of signals that have become too old meanwhile: they are looked up, beside the main road."""

import asyncio
import base64
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.postgres.locks import locked
from tests.running.application import JSON, NOW, SIGNALS, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import wait_until

MAX_AGE = 60
TIME = NOW - timedelta(seconds=MAX_AGE)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def body_of(number: int | str = 0) -> bytes:
    """A signal that is as old as it may be."""
    return signal_body(time=TIME.isoformat(), payload={"number": number})


async def send(client: httpx.AsyncClient, number: int | str = 0) -> httpx.Response:
    """Send the signed request with this number, always the same bytes."""
    return await client.post(SIGNALS, content=body_of(number), headers=signing_headers(body_of(number)))


def backends(database: Database, condition: str) -> int:
    """How many sessions the service has for which a condition on pg_stat_activity holds."""
    number: int = database.value(f"""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'signals' AND {condition}
    """)
    return number


async def until_waiting(database: Database, number: int) -> None:
    """Return when so many sessions of the service wait for a lock."""
    waiting = "wait_event_type = 'Lock'"
    await asyncio.to_thread(wait_until, lambda: backends(database, waiting) == number, "sessions wait for a lock")


@pytest.mark.anyio
async def test_lookups_leave_the_connections_to_the_writer(database: Database) -> None:
    """Each took one of its own, so that a flood of stale resends took them all."""
    clock = Clock()
    async with serving(
        database.url, clock=clock, signing=True, signals_time_max_age_seconds=MAX_AGE, database_pool_size=6
    ) as client:
        first = [await send(client, number) for number in range(10)]
        clock.now += timedelta(seconds=1)
        async with asyncio.TaskGroup() as group, locked(database, "receipts", "ACCESS EXCLUSIVE"):
            sent = [group.create_task(send(client, number)) for number in range(20)]
            await until_waiting(database, 1)
            assert backends(database, "state = 'active' AND query LIKE '%receipts%'") == 1
    assert [each.result().content for each in sent[:10]] == [answer.content for answer in first]
    assert {each.result().status_code for each in sent[10:]} == {422}


@pytest.mark.anyio
async def test_a_resend_that_has_become_too_old_waits_for_its_first_attempt(database: Database) -> None:
    """It was refused for good, and then the first attempt was stored."""
    clock = Clock()
    async with (
        serving(database.url, clock=clock, signing=True, signals_time_max_age_seconds=MAX_AGE) as client,
        asyncio.TaskGroup() as group,
        locked(database, "signals", "ACCESS EXCLUSIVE"),
    ):
        first = group.create_task(send(client))
        await until_waiting(database, 1)
        clock.now += timedelta(seconds=1)
        again = group.create_task(send(client))
        await asyncio.wait({again}, timeout=0.3)
        assert not again.done()
    assert (first.result().status_code, again.result().status_code) == (201, 201)
    assert again.result().content == first.result().content
    assert database.value("SELECT count(*) FROM signals") == 1


@pytest.mark.anyio
async def test_it_waits_for_a_first_attempt_that_another_commit_has_in_hand(database: Database) -> None:
    """Four large ones are much, and looked up by a second commit, which could read and found nothing yet."""
    clock, large = Clock(), "n" * 30_000
    async with (
        serving(database.url, clock=clock, signing=True, signals_time_max_age_seconds=MAX_AGE) as client,
        asyncio.TaskGroup() as group,
        locked(database),
    ):
        first = group.create_task(send(client, large))
        await until_waiting(database, 1)
        clock.now += timedelta(seconds=1)
        again = [group.create_task(send(client, large)) for _ in range(4)]
        await asyncio.wait(again, timeout=0.3, return_when=asyncio.FIRST_COMPLETED)
        assert not any(each.done() for each in again)
    assert first.result().status_code == 201
    assert {each.result().content for each in again} == {first.result().content}
    assert database.value("SELECT count(*) FROM signals") == 1


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.anyio
async def test_it_waits_for_another_process_too(database: Database, stored: bool) -> None:
    clock = Clock()
    clock.now += timedelta(seconds=1)
    async with (
        serving(database.url, clock=clock, signing=True, signals_time_max_age_seconds=MAX_AGE) as client,
        asyncio.TaskGroup() as group,
    ):
        other = await asyncpg.connect(database.url)
        transaction = other.transaction()
        await transaction.start()
        await other.execute(
            "INSERT INTO receipts (key, signal_id) VALUES ($1, gen_random_uuid())",
            base64.b64decode(signing_headers(body_of())["X-Signature"]),
        )
        again = group.create_task(send(client))
        await until_waiting(database, 1)
        await (transaction.commit() if stored else transaction.rollback())
        await other.close()
    assert again.result().status_code == (201 if stored else 422)
    assert database.value("SELECT count(*) FROM receipts") == (1 if stored else 0)


@pytest.mark.anyio
async def test_one_that_was_never_stored_is_refused_and_leaves_nothing(database: Database) -> None:
    clock = Clock()
    clock.now += timedelta(seconds=1)
    async with serving(database.url, clock=clock, signing=True, signals_time_max_age_seconds=MAX_AGE) as client:
        assert (await send(client)).status_code == 422
        assert (await send(client)).status_code == 422
    assert database.value("SELECT count(*) FROM signals") == 0
    assert database.value("SELECT count(*) FROM receipts") == 0


@pytest.mark.anyio
async def test_an_unsigned_one_is_refused_without_the_database(tmp_path: Path) -> None:
    clock = Clock()
    clock.now += timedelta(seconds=1)
    url = f"postgresql://nobody@/none?host={tmp_path}"
    async with serving(url, clock=clock, signals_time_max_age_seconds=MAX_AGE) as client:
        assert (await client.post(SIGNALS, content=body_of(), headers=JSON)).status_code == 422
