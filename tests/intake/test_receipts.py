"""Receipts: the first answer to a resent request, and receipts that are forgotten when they are old."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest
from structlog.typing import EventDict

from service.intake.statement import NewSignal, Stored
from service.kernel.limits import Limits
from tests.intake.storing import LIMITS, UNSIGNED, count, signed, store_all, storing
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import wait_until

# Resends


@pytest.mark.anyio
async def test_a_resent_request_gets_the_first_answer(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(signed())
        again = await writer.store(replace(signed(), body=None, instrument="OTHER"))
    assert again == Stored(first.id, first.created_at, replayed=True)
    assert (count(database, "signals"), count(database, "receipts")) == (1, 1)


@pytest.mark.anyio
async def test_the_same_request_several_times_in_one_batch_is_stored_once(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [signed(1), signed(2), signed(1), signed(1)])
    [one, two, again, more] = [stored for stored in outcomes if isinstance(stored, Stored)]
    assert one.id == again.id == more.id != two.id
    assert sorted(stored.replayed for stored in (one, again, more)) == [False, True, True]
    assert (count(database, "signals"), count(database, "receipts")) == (2, 2)


@pytest.mark.anyio
async def test_the_first_answer_survives_a_restart(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(signed())
    async with storing(database.url) as writer:
        assert await writer.store(signed()) == replace(first, replayed=True)


@pytest.mark.anyio
async def test_the_same_requests_through_several_pools_at_once_are_stored_once(database: Database) -> None:
    requests = [signed(number) for number in range(40)]
    ready = asyncio.Barrier(3)

    async def send(order: Sequence[NewSignal]) -> list[Stored | BaseException]:
        async with storing(database.url) as writer:
            await ready.wait()
            return await store_all(writer, order)

    there, back, again = await asyncio.gather(send(requests), send(requests[::-1]), send(requests))
    assert count(database, "signals") == 40
    for outcomes in zip(there, reversed(back), again, strict=True):
        stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
        assert len({(outcome.id, outcome.created_at) for outcome in stored}) == 1
        assert sorted(outcome.replayed for outcome in stored) == [False, True, True]


@pytest.mark.anyio
async def test_unsigned_requests_leave_no_receipt_and_are_all_stored(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [UNSIGNED, UNSIGNED])
        await writer.store(UNSIGNED)
    assert all(isinstance(stored, Stored) and not stored.replayed for stored in outcomes)
    assert (count(database, "signals"), count(database, "receipts")) == (3, 0)


@pytest.mark.anyio
async def test_a_receipt_outlives_its_signal(database: Database) -> None:
    """Somebody may clean up signals while the request could still be sent again."""
    async with storing(database.url) as writer:
        first = await writer.store(signed())
        database.execute("DELETE FROM signals")
        assert await writer.store(signed()) == replace(first, replayed=True)
    assert count(database, "signals") == 0


# Pruning


def insert_receipts(database: Database, number: int, *, age: float) -> None:
    """Store receipts that were made `age` seconds ago."""
    database.execute(
        """
        INSERT INTO receipts (key, signal_id, created_at)
        SELECT sha256(gen_random_uuid()::text::bytea), gen_random_uuid(), now() - make_interval(secs => $1)
        FROM generate_series(1, $2::int)
        """,
        age,
        number,
    )


async def until_receipts_are(database: Database, number: int) -> None:
    """Return when so many receipts are left and nobody is busy forgetting more."""
    busy = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'signals' AND query LIKE '%DELETE FROM receipts%'
          AND state <> 'idle'
    """

    def settled() -> bool:
        return count(database, "receipts") == number and database.value(busy) == 0

    await asyncio.to_thread(wait_until, settled, f"{number} receipts are left")


@pytest.mark.anyio
async def test_receipts_are_forgotten_when_they_are_old_and_not_before(database: Database) -> None:
    insert_receipts(database, 5, age=LIMITS.receipt_seconds + 1)
    insert_receipts(database, 7, age=LIMITS.receipt_seconds - 60)
    async with storing(database.url):
        await until_receipts_are(database, 7)


@pytest.mark.anyio
async def test_several_may_forget_at_once_and_none_waits_for_another(database: Database) -> None:
    insert_receipts(database, 3000, age=LIMITS.receipt_seconds + 1)
    other = await asyncpg.connect(database.url)
    async with other.transaction():
        await other.execute("SELECT FROM receipts LIMIT 10 FOR UPDATE")
        async with storing(database.url), storing(database.url), storing(database.url):
            await until_receipts_are(database, 10)
    await other.close()


@pytest.mark.anyio
async def test_all_old_receipts_are_forgotten_however_many(database: Database) -> None:
    """At 5,000 signals a second there are 300,000 new receipts a minute; forgetting must keep up with that."""
    insert_receipts(database, 25_000, age=LIMITS.receipt_seconds + 1)
    async with storing(database.url):
        await until_receipts_are(database, 0)


@pytest.mark.anyio
async def test_forgetting_is_tried_again_after_a_failure(database: Database, log_lines: list[EventDict]) -> None:
    insert_receipts(database, 5, age=LIMITS.receipt_seconds + 1)
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with storing(proxy.url, Limits(prune_seconds=0.05)) as writer:
            waiting = asyncio.create_task(writer.store(UNSIGNED))
            await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the database was missed")
            await proxy.mend()
            await waiting
            await until_receipts_are(database, 0)
