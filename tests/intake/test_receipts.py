"""Receipts: a request that is sent again gets its first answer."""

import asyncio
from collections.abc import Sequence

import pytest

from service.receipts.statement import NewSignal, Stored
from tests.intake.storing import UNSIGNED, count, signed, store_all, storing
from tests.running.postgres import Database


@pytest.mark.anyio
async def test_a_resent_request_gets_the_first_answer(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(signed())
        again = await writer.store(signed()._replace(payload=None, instrument="OTHER"))
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
        assert await writer.store(signed()) == first._replace(replayed=True)


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
        assert await writer.store(signed()) == first._replace(replayed=True)
    assert count(database, "signals") == 0
