"""Keys: made, ended, sealed anew, and each change told."""

import asyncio
import base64
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from service.kernel.timestamps import utc_text
from service.keyring.keyring import IN_USE_MAX
from service.keyring.sealing import SealingKeys
from service.postgres import audit
from service.postgres.orm import orm
from service.producers import keys
from service.producers.errors import StrangeSealingKey, TooManyKeys, UnknownKey, UnknownProducer
from service.producers.keys import NewKey
from service.producers.models import ProducerKey
from service.settings import SettingsError
from tests.producers.conftest import SEALING_KEY
from tests.running.postgres import Database

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("registry")]

BY = "somebody"


async def made(sealing: SealingKeys, name: str = "alpha") -> NewKey:
    """A producer's first key."""
    key = await keys.add_producer(BY, sealing, name)
    assert key is not None
    return key


def opened(database: Database, sealing: SealingKeys, key: NewKey) -> bytes:
    """The secret of a key as it lies in the database."""
    row = database.fetch("SELECT * FROM producer_keys WHERE id = $1", key.key_id)[0]
    return sealing.open(row["sealed"], key_id=row["id"], producer=row["producer"])


async def test_a_new_producer_gets_a_key_of_32_bytes(registry: Database, sealing: SealingKeys) -> None:
    key = await keys.add_producer(BY, sealing, "alpha", rate="100/s", note="upstairs")
    assert key is not None
    assert len(base64.urlsafe_b64decode(key.secret + "=")) == keys.SECRET_BYTES
    assert opened(registry, sealing, key) == key.secret.encode()
    assert key.key_id.version == 7
    [row] = registry.fetch("SELECT name, enabled, rate, note FROM producers")
    assert tuple(row.values()) == ("alpha", True, "100/s", "upstairs")


async def test_a_producer_that_is_there_stays_as_it_is(registry: Database, sealing: SealingKeys) -> None:
    await made(sealing)
    before = registry.fetch("SELECT * FROM producers, producer_keys, audit, keyring_changes")
    assert await keys.add_producer(BY, sealing, "alpha", rate="1/s") is None
    assert registry.fetch("SELECT * FROM producers, producer_keys, audit, keyring_changes") == before


async def test_two_who_add_the_same_producer_get_one_secret(registry: Database, sealing: SealingKeys) -> None:
    async def add() -> NewKey | None:
        async with orm(registry.url):
            return await keys.add_producer(BY, sealing, "alpha")

    found = await asyncio.gather(*(add() for _ in range(5)))
    assert sum(key is not None for key in found) == 1
    assert registry.value("SELECT count(*) FROM producer_keys") == 1


async def test_a_name_that_cannot_be_a_producer_id_is_kept_out_by_the_table(
    registry: Database, sealing: SealingKeys
) -> None:
    for name in ("", "with blank", "ünicode", "line\n"):
        with pytest.raises(Exception, match="ck_producers_name"):
            await keys.add_producer(BY, sealing, name)
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        registry.execute("INSERT INTO producers (name) VALUES ($1)", "x" * 65)


async def test_fifty_at_once_do_not_get_past_five(registry: Database, sealing: SealingKeys) -> None:
    await made(sealing)
    for _ in range(IN_USE_MAX - 2):
        await keys.add(BY, sealing, "alpha")

    async def add() -> str:
        async with orm(registry.url):
            try:
                await keys.add(BY, sealing, "alpha")
            except TooManyKeys as refusal:
                return str(refusal)
        return "made"

    told = Counter([outcome for _ in range(5) for outcome in await asyncio.gather(*(add() for _ in range(10)))])
    assert told == {"made": 1, str(TooManyKeys("alpha", 5)): 49}
    assert registry.value("SELECT count(*) FROM producer_keys") == IN_USE_MAX


async def test_keys_that_have_ended_do_not_count(registry: Database, sealing: SealingKeys) -> None:
    first = await made(sealing)
    ended = [first, *[await keys.add(BY, sealing, "alpha") for _ in range(IN_USE_MAX - 1)]]
    for key in ended[:3]:
        await keys.retire(BY, key.key_id, timedelta(0))
    for key in ended[3:]:
        await keys.revoke(BY, key.key_id)
    for _ in range(IN_USE_MAX):
        await keys.add(BY, sealing, "alpha")
    with pytest.raises(TooManyKeys, match="5 keys"):
        await keys.add(BY, sealing, "alpha")
    assert registry.value("SELECT count(*) FROM producer_keys") == 2 * IN_USE_MAX


async def test_a_retiring_key_counts_until_its_end(sealing: SealingKeys) -> None:
    key = await made(sealing)
    await keys.retire(BY, key.key_id, timedelta(hours=1))
    for _ in range(IN_USE_MAX - 1):
        await keys.add(BY, sealing, "alpha")
    with pytest.raises(TooManyKeys):
        await keys.add(BY, sealing, "alpha")


async def test_of_two_ends_the_earlier_one_holds(sealing: SealingKeys) -> None:
    key = await made(sealing)
    ends = [(await keys.retire(BY, key.key_id, timedelta(hours=hours))).ends_at for hours in (24, 48, 24, 1)]
    assert ends[0] == ends[1] == ends[2]
    assert ends[3] is not None
    assert ends[0] is not None
    assert timedelta(hours=22) < ends[0] - ends[3] <= timedelta(hours=23)
    assert [entry.command for entry in await audit.newest(9)] == ["keys retire", "keys retire", "producers add"]


async def test_a_retirement_is_reckoned_by_the_clock_of_the_database(registry: Database, sealing: SealingKeys) -> None:
    key = await made(sealing)
    before = registry.value("SELECT now()")
    ends_at = (await keys.retire(BY, key.key_id, timedelta(minutes=15))).ends_at
    assert ends_at is not None
    assert before <= ends_at - timedelta(minutes=15) <= registry.value("SELECT now()")


async def test_revoking_is_at_once_for_good_and_told_once(sealing: SealingKeys) -> None:
    key = await made(sealing)
    revoked = [(await keys.revoke(BY, key.key_id)).revoked_at for _ in range(2)]
    assert revoked[0] == revoked[1] is not None
    assert (await keys.retire(BY, key.key_id, timedelta(hours=1))).ends_at is None
    assert [entry.command for entry in await audit.newest(9)] == ["keys revoke", "producers add"]


async def test_what_is_not_there_is_told(registry: Database, sealing: SealingKeys) -> None:
    with pytest.raises(UnknownProducer, match="beta"):
        await keys.add(BY, sealing, "beta")
    for change in (keys.revoke(BY, uuid4()), keys.retire(BY, uuid4(), timedelta(hours=1))):
        with pytest.raises(UnknownKey):
            await change
    assert registry.value("SELECT version FROM keyring_changes") == 0


async def test_keys_older_than_a_moment_are_revoked_together(registry: Database, sealing: SealingKeys) -> None:
    old, retired = await made(sealing), await made(sealing, "beta")
    moment: datetime = registry.value("SELECT clock_timestamp()")
    new = await keys.add(BY, sealing, "alpha")
    await keys.retire(BY, retired.key_id, timedelta(hours=1))
    assert await keys.revoke_before(BY, moment) == 1
    assert await keys.revoke_before(BY, moment) == 0
    assert [entry.what for entry in await audit.newest(1)] == [{"before": utc_text(moment), "keys": 1}]
    left = registry.fetch("SELECT id FROM producer_keys WHERE revoked_at IS NULL")
    assert {row["id"] for row in left} == {new.key_id, retired.key_id}
    assert old.key_id not in left


async def test_resealing_moves_every_key_to_the_newest_sealing_key(registry: Database, sealing: SealingKeys) -> None:
    made_keys = [await made(sealing, f"p{n}") for n in range(3)]
    newer = os.urandom(32)
    turning, new = SealingKeys([newer, SEALING_KEY]), SealingKeys([newer])
    changed_at = registry.fetch("SELECT id, changed_at FROM producer_keys ORDER BY id")
    assert await keys.reseal(BY, turning) == (3, 3)
    assert [opened(registry, new, key) for key in made_keys] == [key.secret.encode() for key in made_keys]
    assert await keys.reseal(BY, turning) == (3, 0)
    assert registry.fetch("SELECT id, changed_at FROM producer_keys ORDER BY id") == changed_at
    assert [entry.command for entry in await audit.newest(2)] == ["keys reseal", "producers add"]


async def test_resealing_leaves_what_does_not_open(registry: Database, sealing: SealingKeys) -> None:
    await made(sealing)
    before = registry.fetch("SELECT sealed FROM producer_keys")
    assert await keys.reseal(BY, SealingKeys([os.urandom(32)])) == (1, 0)
    assert registry.fetch("SELECT sealed FROM producer_keys") == before


async def test_resealing_goes_through_more_keys_than_it_takes_at_once(sealing: SealingKeys) -> None:
    count = 1203
    await made(sealing)
    ids = [UUID(int=number) for number in range(1, count)]
    rows = [ProducerKey(id=id, producer="alpha", sealed=sealing.seal(b"s", key_id=id, producer="alpha")) for id in ids]
    await ProducerKey.bulk_create(rows)
    assert await keys.reseal(BY, SealingKeys([os.urandom(32), SEALING_KEY])) == (count, count)


async def test_sealing_under_a_key_that_the_services_lack_is_refused(registry: Database, sealing: SealingKeys) -> None:
    """Two developers with data folders of their own, on one database."""
    first = await made(sealing)
    strange = SealingKeys([os.urandom(32)])
    with pytest.raises(StrangeSealingKey):
        await keys.add(BY, strange, "alpha")
    with pytest.raises(StrangeSealingKey):
        await keys.add_producer(BY, strange, "beta")
    assert registry.value("SELECT count(*) FROM producers") == 1
    await keys.revoke(BY, first.key_id)
    await keys.add(BY, strange, "alpha")


async def test_without_a_sealing_key_none_is_made(registry: Database) -> None:
    with pytest.raises(SettingsError, match=r"^SIGNALS_SEALING_KEYS: must be set"):
        await keys.add_producer(BY, SealingKeys([]), "alpha")
    assert registry.value("SELECT count(*) FROM producers") == 0


async def test_the_audit_trail_says_what_was_done_and_no_secret(registry: Database, sealing: SealingKeys) -> None:
    first = await made(sealing)
    second = await keys.add(BY, sealing, "alpha")
    entries = await audit.newest(9)
    assert [(entry.by, entry.command, entry.what["key_id"]) for entry in entries] == [
        (BY, "keys add", str(second.key_id)),
        (BY, "producers add", str(first.key_id)),
    ]
    assert all(entry.at.tzinfo == UTC or entry.at.utcoffset() == timedelta(0) for entry in entries)
    everything = str(registry.fetch("SELECT * FROM producers, producer_keys, audit"))
    assert first.secret not in everything
    assert second.secret not in everything
