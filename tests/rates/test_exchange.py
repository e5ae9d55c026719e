"""The statement that keeps rates: what is in a bucket and what is lent of it never come to more than it holds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from service.rates.exchange import Demand, Grant, exchange, forget_full
from tests.rates.simulated import Simulation, simulation
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

SLOT = 0.3
TEN = Demand("alpha", each=0.1, deep=1.0, since=0, held=0, kept=0, returned=0, owed=0, wanted=0)
"""A producer with ten a second."""


@dataclass
class Bucket:
    """The bucket of a producer, with ten tokens when it is full."""

    simulated: Simulation

    async def tell(self, demand: Demand) -> Grant:
        """What the database answers."""
        await self.simulated.show_time()
        return (await exchange(self.simulated.connection, [demand], SLOT))[demand.producer]

    async def lend(self, tokens: int) -> int:
        """How many a process gets that holds none and wants so many."""
        return (await self.tell(replace(TEN, wanted=tokens))).tokens


@pytest.fixture(name="bucket")
async def _bucket(database: Database) -> AsyncIterator[Bucket]:
    async with simulation(database) as simulated:
        yield Bucket(simulated)


def returning(grant: Grant, returned: int, *, kept: int = 0) -> Demand:
    """A process gives back some of what it got, keeps some, and has used the rest."""
    return replace(TEN, since=grant.slot, held=grant.tokens, returned=returned, kept=kept)


async def test_a_new_bucket_is_full(bucket: Bucket) -> None:
    assert await bucket.lend(100) == 10
    assert await bucket.lend(1) == 0


async def test_a_token_comes_in_its_time(bucket: Bucket) -> None:
    grant = await bucket.tell(replace(TEN, wanted=10))
    assert grant.left_over == pytest.approx(0)
    for moment, tokens in ((0.09, 0), (0.1, 1), (0.15, 0), (0.5, 4)):
        bucket.simulated.now = moment
        grant = await bucket.tell(replace(returning(grant, 0), wanted=9))
        assert grant.tokens == tokens


async def test_what_is_lent_is_not_earned_again(bucket: Bucket) -> None:
    assert await bucket.lend(4) == 4
    bucket.simulated.now = 0.29
    assert await bucket.lend(100) == 6


async def test_what_nobody_tells_of_is_taken_for_used(bucket: Bucket) -> None:
    assert await bucket.lend(4) == 4
    bucket.simulated.now = 0.6
    assert await bucket.lend(100) == 10


async def test_what_was_used_is_earned_again(bucket: Bucket) -> None:
    grant = await bucket.tell(replace(TEN, wanted=4))
    bucket.simulated.now = 0.29
    assert (await bucket.tell(returning(grant, 0))).left_over == pytest.approx(8.9)
    assert await bucket.lend(100) == 8


async def test_what_comes_back_can_be_lent_again(bucket: Bucket) -> None:
    grant = await bucket.tell(replace(TEN, wanted=10))
    assert (await bucket.tell(replace(returning(grant, 7), wanted=100))).tokens == 7


async def test_what_comes_back_too_late_is_lost(bucket: Bucket) -> None:
    grant = await bucket.tell(replace(TEN, wanted=10))
    bucket.simulated.now = 1.0
    other = await bucket.tell(replace(TEN, wanted=10))
    assert other.tokens == 10
    await bucket.tell(returning(grant, 10))
    assert (await bucket.tell(replace(returning(other, 0), wanted=10))).tokens == 0


async def test_what_is_kept_goes_on_counting(bucket: Bucket) -> None:
    grant = await bucket.tell(replace(TEN, wanted=10))
    for moment in (0.25, 0.5, 0.75, 1.0):
        bucket.simulated.now = moment
        slot = (await bucket.tell(returning(grant, 0, kept=10))).slot
        grant = Grant(10, slot, 0)
        assert await bucket.lend(10) == 0
    assert (await bucket.tell(replace(returning(grant, 10), wanted=10))).tokens == 10


async def test_what_was_let_through_without_asking_is_paid_for(bucket: Bucket) -> None:
    assert await bucket.lend(0) == 0
    assert (await bucket.tell(replace(TEN, owed=6, wanted=10))).tokens == 4


async def test_no_more_is_owed_than_a_bucket_holds(bucket: Bucket) -> None:
    await bucket.tell(replace(TEN, owed=1000))
    for moment, tokens in ((0.05, 0), (0.1, 1)):
        bucket.simulated.now = moment
        assert await bucket.lend(1) == tokens


async def test_a_clock_that_is_set_back_is_not_waited_for(bucket: Bucket) -> None:
    assert await bucket.lend(10) == 10
    bucket.simulated.now = -600.0
    assert await bucket.lend(1) == 0
    bucket.simulated.now = -599.5
    assert await bucket.lend(10) == 5


async def test_none_is_lent_twice(database: Database) -> None:
    connections: list[Any] = [await asyncpg.connect(database.url) for _ in range(8)]
    demand = replace(TEN, each=1e6, deep=1e9, wanted=1)
    lent = 0
    for _ in range(20):
        grants = await asyncio.gather(*(exchange(connection, [demand], SLOT) for connection in connections))
        lent += sum(each["alpha"].tokens for each in grants if each)
    assert 20 <= lent <= 160
    assert (await exchange(connections[0], [demand], SLOT))["alpha"].left_over == pytest.approx(
        1000 - lent - 1, abs=0.1
    )
    for connection in connections:
        await connection.close()


async def test_a_locked_bucket_is_left_out_and_the_others_are_not(database: Database) -> None:
    mine, other = await asyncpg.connect(database.url), await asyncpg.connect(database.url)
    demands = [replace(TEN, wanted=1), replace(TEN, producer="beta", wanted=1)]
    assert (await exchange(mine, demands, SLOT)).keys() == {"alpha", "beta"}
    async with other.transaction():
        await other.execute("SELECT FROM quotas WHERE producer = 'alpha' FOR UPDATE")
        assert (await exchange(mine, demands, SLOT)).keys() == {"beta"}
    assert (await exchange(mine, demands, SLOT)).keys() == {"alpha", "beta"}
    await mine.close()
    await other.close()


async def test_nobody_waits_for_its_commit(database: Database) -> None:
    connection = await asyncpg.connect(database.url)
    async with connection.transaction():
        await exchange(connection, [TEN], SLOT)
        assert await connection.fetchval("SHOW synchronous_commit") == "off"
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    await connection.close()


async def test_full_buckets_are_forgotten(bucket: Bucket) -> None:
    await bucket.tell(replace(TEN, wanted=10))
    await bucket.tell(replace(TEN, producer="beta", each=3600.0, deep=3600.0, wanted=1))
    bucket.simulated.now = 100
    await bucket.simulated.show_time()
    await forget_full(bucket.simulated.connection)
    rows = await bucket.simulated.connection.fetch("SELECT producer FROM quotas")
    assert [row["producer"] for row in rows] == ["beta"]
