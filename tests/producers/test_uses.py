"""Uses of keys: none lost, none in the way of a request, and `safe to revoke` only when nobody can have used one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from service.kernel.limits import Limits
from service.kernel.tasks import Tasks, repeated
from service.keyring.sealing import SealingKeys
from service.postgres.pool import Pool
from service.producers import keys, listing
from service.producers.keys import NewKey
from service.producers.listing import ListedKey
from service.producers.uses import KeyUses
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

LIMITS = Limits()
OFTEN = replace(LIMITS, uses_seconds=0.02)


@asynccontextmanager
async def counting(url: str, limits: Limits = LIMITS) -> AsyncIterator[KeyUses]:
    async with (
        Pool(url, limits, size=2) as pool,
        KeyUses(pool) as uses,
        Tasks(key_uses=repeated("key_uses", uses.report, limits.uses_seconds)),
    ):
        yield uses


@pytest.fixture(name="key")
async def _key(registry: Database, sealing: SealingKeys) -> NewKey:
    """The key of a producer, made two days ago."""
    key = await keys.add_producer("tests", sealing, "alpha")
    assert key is not None
    registry.execute("UPDATE producer_keys SET created_at = created_at - interval '2 days'")
    return key


async def listed(sealing: SealingKeys) -> ListedKey:
    """The key as operators see it."""
    return (await listing.show_producer(sealing, "alpha")).keys[0]


def age(database: Database, hours: float) -> None:
    """Let that much time pass for all that was written down."""
    step = timedelta(hours=hours)
    database.execute("UPDATE key_uses SET hour = hour - $1::interval, last_used_at = last_used_at - $1", step)
    database.execute("UPDATE key_reporters SET reported_at = reported_at - $1::interval", step)


async def test_uses_are_written_down_soon_and_added_up(registry: Database, key: NewKey, sealing: SealingKeys) -> None:
    async with counting(registry.url, OFTEN) as one, counting(registry.url, OFTEN) as other:
        for uses in (one, one, other):
            uses.count(key.key_id)
        await until(lambda: registry.value("SELECT sum(uses) FROM key_uses") == 3, "they are written down")
        one.count(key.key_id)
        await until(lambda: registry.value("SELECT sum(uses) FROM key_uses") == 4, "the next ones too")
        found = await listed(sealing)
    assert found.uses_24h == 4
    assert found.last_used_at is not None
    assert registry.value("SELECT now()") - found.last_used_at < timedelta(minutes=1)
    assert not found.safe_to_revoke


async def test_the_last_ones_are_written_down_at_the_end(registry: Database, key: NewKey, sealing: SealingKeys) -> None:
    async with counting(registry.url) as uses:
        await until(lambda: registry.value("SELECT count(*) FROM key_reporters") == 1, "it reports")
        uses.count(key.key_id)
    assert (await listed(sealing)).uses_24h == 1
    assert registry.value("SELECT ended FROM key_reporters") is True


async def test_none_is_lost_while_the_database_is_away(registry: Database, key: NewKey) -> None:
    async with database_proxy(registry.url) as proxy, counting(proxy.url, OFTEN) as uses:
        await until(lambda: registry.value("SELECT count(*) FROM key_reporters") == 1, "it reports")
        await proxy.cut()
        for _ in range(10):
            uses.count(key.key_id)
            await asyncio.sleep(0.01)
        await proxy.mend()
        await until(lambda: registry.value("SELECT sum(uses) FROM key_uses") == 10, "they are written down")


async def test_a_locked_key_holds_nothing_up(registry: Database, key: NewKey) -> None:
    other = await asyncpg.connect(registry.url)
    async with other.transaction():
        await other.execute("SELECT FROM producer_keys, producers, keyring_changes FOR UPDATE")
        async with counting(registry.url, OFTEN) as uses:
            uses.count(key.key_id)
            await until(lambda: registry.value("SELECT count(*) FROM key_uses") == 1, "it is written down")
    await other.close()


async def test_processes_that_write_the_same_keys_do_not_lock_each_other_out(registry: Database) -> None:
    used = [uuid4() for _ in range(1000)]

    async def write(order: list[UUID]) -> None:
        async with counting(registry.url) as uses:
            for _ in range(5):
                for key_id in order:
                    uses.count(key_id)
                await uses.report()

    await asyncio.gather(write(used), write(used[::-1]), write(sorted(used)))
    assert registry.value("SELECT sum(uses) FROM key_uses") == 15_000


async def test_bookkeeping_does_not_count_as_a_change(registry: Database, key: NewKey) -> None:
    before = registry.value("SELECT version FROM keyring_changes")
    async with counting(registry.url) as uses:
        for _ in range(20):
            uses.count(key.key_id)
            await uses.report()
    assert registry.value("SELECT version FROM keyring_changes") == before


async def test_a_key_that_everybody_has_left_alone_for_a_day_is_safe_to_revoke(
    registry: Database, key: NewKey, sealing: SealingKeys
) -> None:
    async with counting(registry.url, OFTEN) as uses:
        uses.count(key.key_id)
        await until(lambda: registry.value("SELECT count(*) FROM key_uses") == 1, "it is written down")
        age(registry, 23.9)
        assert not (await listed(sealing)).safe_to_revoke
        age(registry, 0.2)
        first = registry.value("SELECT reported_at FROM key_reporters")
        await until(lambda: registry.value("SELECT reported_at FROM key_reporters") > first, "it reports again")
        found = await listed(sealing)
    assert found.safe_to_revoke
    assert found.last_used_at is not None


@pytest.mark.parametrize(
    ("minutes", "ended", "safe"),
    [(0, False, True), (2, False, False), (24 * 60, False, False), (26 * 60, False, True), (2, True, True)],
)
async def test_a_process_that_has_fallen_silent_may_have_used_it(
    registry: Database, key: NewKey, sealing: SealingKeys, minutes: float, ended: bool, safe: bool
) -> None:
    assert key
    silent = "INSERT INTO key_reporters VALUES ($1, now() - $2::interval, $3)"
    registry.execute(silent, uuid4(), timedelta(minutes=minutes), ended)
    assert (await listed(sealing)).safe_to_revoke is safe


async def test_a_new_key_is_not_unused_yet(registry: Database, key: NewKey, sealing: SealingKeys) -> None:
    assert (await listed(sealing)).safe_to_revoke
    registry.execute("UPDATE producer_keys SET created_at = now() - interval '23 hours'")
    assert not (await listed(sealing)).safe_to_revoke
    assert key.key_id == (await listed(sealing)).key_id


async def test_what_a_killed_process_did_not_write_down_keeps_keys_from_looking_safe(
    registry: Database, key: NewKey, sealing: SealingKeys
) -> None:
    async with Pool(registry.url, LIMITS, size=2) as pool:
        killed = KeyUses(pool)
        await killed.report()
        killed.count(key.key_id)
    age(registry, 1)
    assert not (await listed(sealing)).safe_to_revoke


async def test_old_hours_of_a_key_in_use_are_forgotten_and_the_last_use_of_others_is_not(
    registry: Database, key: NewKey, sealing: SealingKeys
) -> None:
    async with counting(registry.url) as uses:
        uses.count(key.key_id)
        await uses.report()
        age(registry, 26)
        await uses.report()
        assert registry.value("SELECT count(*) FROM key_uses") == 1
        assert (await listed(sealing)).uses_24h == 0
        uses.count(key.key_id)
        await uses.report()
    assert registry.value("SELECT count(*) FROM key_uses") == 1
    assert (await listed(sealing)).uses_24h == 1


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("ends_at = NULL", "live"),
        ("ends_at = now() + interval '1 hour'", "retiring"),
        ("ends_at = now() - interval '1 second'", "retired"),
        ("revoked_at = now()", "revoked"),
        ("sealed = sealed || 'x'", "sealed"),
        ("sealed = sealed || 'x', ends_at = now() + interval '1 hour'", "sealed"),
        ("sealed = sealed || 'x', ends_at = now()", "retired"),
        ("sealed = sealed || 'x', revoked_at = now()", "revoked"),
    ],
)
async def test_a_key_has_one_state(
    registry: Database, key: NewKey, sealing: SealingKeys, change: str, state: str
) -> None:
    registry.execute(f"UPDATE producer_keys SET {change}")
    found = await listed(sealing)
    assert (found.key_id, found.state) == (key.key_id, state)


@pytest.mark.usefixtures("registry")
async def test_producers_are_listed_by_name_with_their_keys(sealing: SealingKeys) -> None:
    for name in ("beta", "alpha"):
        await keys.add_producer("tests", sealing, name)
    await keys.add("tests", sealing, "beta")
    assert [(each.name, len(each.keys)) for each in await listing.list_producers(sealing)] == [
        ("alpha", 1),
        ("beta", 2),
    ]
