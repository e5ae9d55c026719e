"""From the database into the keyring: every change, whoever makes it, and nothing lost on the way."""

import asyncio
import os
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from structlog.typing import EventDict

from service.http.errors import Overloaded
from service.kernel.limits import Limits
from service.kernel.timestamps import utc_now
from service.keyring.sealing import SealingKeys
from service.postgres.orm import orm
from service.producers import keys, registry
from tests.keyring.registered import SEALING, SEALING_KEY, SHARED, Reading, reading, register, register_many
from tests.running.application import figure
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

BY = "tests"
SHUT = "Keys do not open under SIGNALS_SEALING_KEYS"


def shut_lines(lines: list[EventDict]) -> list[tuple[int, int, list[str]]]:
    """How many keys of how many producers were told not to open, and which."""
    return [(line["keys"], line["producers"], line["key_ids"]) for line in lines if line["event"] == SHUT]


def put_off(reading: Reading, name: str) -> bool:
    """Whether a producer is told to come again."""
    try:
        reading.keyring.find(name, utc_now())
    except Overloaded:
        return True
    return False


async def test_what_is_registered_is_known_after_reading(database: Database) -> None:
    [alpha, beta] = await register(database, "alpha", "beta")
    async with reading(database.url) as read:
        assert not read.keyring.loaded
        await read.reader.read()
        assert read.secrets("alpha") == [alpha.secret]
        assert read.secrets("beta") == [beta.secret]
        assert read.secrets("gamma") == [SHARED.decode()]
    assert figure("signals_keyring_producers") == 2
    assert figure("signals_keyring_shut") == 0


async def test_an_empty_registry_counts_as_known(database: Database) -> None:
    async with reading(database.url) as read:
        await read.reader.read()
        assert read.secrets("alpha") == [SHARED.decode()]


async def test_each_change_is_learnt_by_the_next_look(database: Database) -> None:
    [first] = await register(database, "alpha")
    async with reading(database.url) as read, orm(database.url):
        await read.reader.read()
        second = await keys.add(BY, SEALING, "alpha")
        await read.reader.read()
        assert read.secrets("alpha") == [first.secret, second.secret]
        await keys.retire(BY, first.key_id, timedelta(hours=1))
        await keys.revoke(BY, second.key_id)
        await read.reader.read()
        assert read.secrets("alpha") == [first.secret]
        assert read.secrets("alpha", utc_now() + timedelta(hours=2)) == []
        await registry.update(BY, "producers disable", "alpha", enabled=False)
        await read.reader.read()
        assert read.secrets("alpha") == []
        await registry.update(BY, "producers enable", "alpha", enabled=True)
        assert read.secrets("beta") == [SHARED.decode()]
        await keys.add_producer(BY, SEALING, "beta")
        await read.reader.read()
        assert read.secrets("alpha") == [first.secret]
        assert len(read.secrets("beta")) == 1
        assert read.secrets("beta") != [SHARED.decode()]


async def test_clocks_that_disagree_keep_nobody_from_learning(database: Database) -> None:
    """A retirement ends by the clock of each process; what is learnt, and when, depends on no clock."""
    [alpha] = await register(database, "alpha")
    apart = timedelta(minutes=10)
    async with (
        reading(database.url, clock=lambda: utc_now() + apart) as ahead,
        reading(database.url, clock=lambda: utc_now() - apart) as behind,
        orm(database.url),
    ):
        await keys.retire(BY, alpha.key_id, timedelta(minutes=5))
        beta = await keys.add(BY, SEALING, "alpha")
        for read in (ahead, behind):
            await read.reader.read()
            await read.reader.compare()
        assert ahead.secrets("alpha", utc_now() + apart) == [beta.secret, alpha.secret]
        assert behind.secrets("alpha", utc_now() - apart) == [alpha.secret, beta.secret]
        await keys.revoke(BY, beta.key_id)
        for read in (ahead, behind):
            await read.reader.read()
        assert ahead.secrets("alpha", utc_now() + apart) == [alpha.secret]
        assert behind.secrets("alpha", utc_now() - apart) == [alpha.secret]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE producer_keys SET revoked_at = now()", []),
        ("UPDATE producer_keys SET ends_at = now() - interval '2 days'", []),
        ("DELETE FROM producer_keys", []),
        ("TRUNCATE producer_keys", []),
        ("TRUNCATE producers CASCADE", [SHARED.decode()]),
        ("DELETE FROM producer_keys; DELETE FROM producers", [SHARED.decode()]),
        ("UPDATE producers SET enabled = false", []),
        ("DELETE FROM producer_keys; UPDATE producers SET name = 'beta'", [SHARED.decode()]),
    ],
)
async def test_changes_by_hand_are_learnt(database: Database, statement: str, expected: list[str]) -> None:
    await register(database, "alpha")
    async with reading(database.url) as read:
        await read.reader.read()
        database.execute(statement)
        await read.reader.read()
        assert read.secrets("alpha") == expected


async def test_a_key_that_was_revoked_by_hand_and_given_back_proves_again(database: Database) -> None:
    [alpha] = await register(database, "alpha")
    async with reading(database.url) as read:
        for value, expected in (("now()", []), ("NULL", [alpha.secret])):
            database.execute(f"UPDATE producer_keys SET revoked_at = {value}")
            await read.reader.read()
            assert read.secrets("alpha") == expected


async def test_without_a_change_nothing_is_read_again(database: Database) -> None:
    await register(database, "alpha")
    async with reading(database.url) as read:
        await read.reader.read()
        known = read.keyring.producers
        await read.reader.read()
        assert read.keyring.producers is known


async def test_a_change_costs_the_reading_of_what_was_changed(database: Database) -> None:
    register_many(database, 30)
    async with reading(database.url) as read, orm(database.url):
        await read.reader.read()
        before = read.keyring.producers
        await registry.update(BY, "producers disable", "p7", enabled=False)
        await read.reader.read()
        after = read.keyring.producers
        assert [name for name in after if after[name] is not before[name]] == ["p7"]


@pytest.mark.parametrize("count", [9, 10, 11, 20, 25])
async def test_everybody_is_read_page_by_page(database: Database, count: int) -> None:
    register_many(database, count)
    async with reading(database.url, limits=Limits(keyring_page=10)) as read:
        await read.reader.read()
        assert {name: read.secrets(name) for name in read.keyring.producers} == {
            f"p{n}": [f"p{n}"] for n in range(count)
        }


async def test_a_change_that_is_committed_while_all_is_read_is_not_lost(database: Database) -> None:
    register_many(database, 3)
    changed: list[str] = []

    class Slow(SealingKeys):
        def open(self, sealed: bytes, *, key_id: UUID, producer: str) -> bytes:
            if not changed:
                changed.append(producer)
                database.execute("UPDATE producer_keys SET revoked_at = now() WHERE producer = $1", producer)
            return super().open(sealed, key_id=key_id, producer=producer)

    async with reading(database.url, sealing=Slow([SEALING_KEY])) as read:
        await read.reader.read()
        assert read.secrets(changed[0]) == [changed[0]]
        await read.reader.read()
        assert read.secrets(changed[0]) == []


async def test_a_failed_look_loses_nothing(database: Database) -> None:
    [alpha] = await register(database, "alpha")
    async with reading(database.url) as read, orm(database.url):
        await read.reader.read()
        await keys.revoke(BY, alpha.key_id)
        database.execute("ALTER TABLE producer_keys RENAME TO elsewhere")
        with pytest.raises(asyncpg.UndefinedTableError):
            await read.reader.read()
        assert read.secrets("alpha") == [alpha.secret]
        database.execute("ALTER TABLE elsewhere RENAME TO producer_keys")
        await read.reader.read()
        assert read.secrets("alpha") == []


async def test_without_a_sealing_key_those_with_keys_are_put_off_and_told(
    database: Database, log_lines: list[EventDict]
) -> None:
    made = await register(database, "alpha", "beta")
    for sealing in (SealingKeys([]), SealingKeys([os.urandom(32)])):
        async with reading(database.url, sealing=sealing) as read:
            await read.reader.read()
            assert put_off(read, "alpha")
            assert put_off(read, "beta")
            assert read.secrets("gamma") == [SHARED.decode()]
        assert figure("signals_keyring_shut") == 2
    assert shut_lines(log_lines) == [(2, 2, [str(key.key_id) for key in made])] * 2


async def test_one_that_does_not_open_leaves_the_others_alone(database: Database, log_lines: list[EventDict]) -> None:
    [alpha, beta] = await register(database, "alpha", "beta")
    async with orm(database.url):
        other = await keys.add(BY, SEALING, "alpha")
    database.execute("UPDATE producer_keys SET sealed = sealed || 'x' WHERE id = $1", alpha.key_id)
    async with reading(database.url) as read:
        await read.reader.read()
        await read.reader.read()
        assert read.secrets("alpha") == [other.secret]
        assert read.secrets("beta") == [beta.secret]
    assert shut_lines(log_lines) == [(1, 1, [str(alpha.key_id)])]
    assert figure("signals_keyring_shut") == 1


SWAP = """
UPDATE producer_keys AS mine SET sealed = other.sealed FROM producer_keys AS other
WHERE mine.producer IN ('alpha', 'beta') AND other.producer IN ('alpha', 'beta') AND mine.id <> other.id
"""
MOVE = "UPDATE producer_keys SET producer = 'beta' WHERE producer = 'alpha'"


@pytest.mark.parametrize("started_before", [True, False])
@pytest.mark.parametrize(("statement", "shut"), [(SWAP, 2), (MOVE, 1)])
async def test_sealed_text_does_not_open_elsewhere(
    database: Database, log_lines: list[EventDict], statement: str, shut: int, started_before: bool
) -> None:
    [_, beta, gamma] = await register(database, "alpha", "beta", "gamma")
    async with reading(database.url) as read:
        if started_before:
            await read.reader.read()
        database.execute(statement)
        await read.reader.read()
        if shut == 1:
            assert read.secrets("alpha") == []
            assert read.secrets("beta") == [beta.secret]
        else:
            assert put_off(read, "alpha")
            assert put_off(read, "beta")
        assert read.secrets("gamma") == [gamma.secret]
    assert [told[0] for told in shut_lines(log_lines)] == [shut]


async def test_in_one_change_the_bad_does_not_take_the_good_along(
    database: Database, log_lines: list[EventDict]
) -> None:
    [alpha, beta] = await register(database, "alpha", "beta")
    async with reading(database.url) as read:
        await read.reader.read()
        database.execute(f"""
            UPDATE producer_keys SET revoked_at = CASE producer WHEN 'alpha' THEN now() END,
                sealed = CASE producer WHEN 'beta' THEN sealed || 'x' ELSE sealed END
            WHERE id IN ('{alpha.key_id}', '{beta.key_id}')
        """)
        await read.reader.read()
        known = read.keyring.producers
        assert read.secrets("alpha") == []
        assert put_off(read, "beta")
        await read.reader.read()
        assert read.keyring.producers is known
    assert len(shut_lines(log_lines)) == 1


async def test_a_process_with_the_old_sealing_key_keeps_every_key_that_it_has(
    database: Database, log_lines: list[EventDict]
) -> None:
    """The sealing key was turned elsewhere before it was here."""
    newer = os.urandom(32)
    turning = SealingKeys([newer, SEALING_KEY])
    made = await register(database, "alpha", "beta")
    async with reading(database.url) as read, orm(database.url):
        await read.reader.read()
        added = await keys.add(BY, turning, "alpha")
        await read.reader.read()
        assert read.secrets("alpha") == [made[0].secret]
        await keys.reseal(BY, turning)
        await read.reader.read()
        await read.reader.compare()
        assert read.secrets("alpha") == [made[0].secret]
        assert read.secrets("beta") == [made[1].secret]
        await keys.revoke(BY, made[0].key_id)
        await read.reader.read()
        assert put_off(read, "alpha")
    told = [id for _, _, ids in shut_lines(log_lines) for id in ids]
    assert sorted(told) == sorted(str(key.key_id) for key in [added, *made])
    async with reading(database.url, sealing=SealingKeys([newer])) as restarted:
        await restarted.reader.read()
        assert restarted.secrets("alpha") == [added.secret]
        assert restarted.secrets("beta") == [made[1].secret]


UNCOUNTED = {
    "revoked": ("UPDATE producer_keys SET revoked_at = now()", []),
    "removed": ("DELETE FROM producer_keys; DELETE FROM producers", [SHARED.decode()]),
    "disabled": ("UPDATE producers SET enabled = false", []),
}


@pytest.mark.parametrize("change", [*UNCOUNTED])
async def test_what_was_not_counted_is_found_by_comparing(
    database: Database, log_lines: list[EventDict], change: str
) -> None:
    statement, expected = UNCOUNTED[change]
    [alpha] = await register(database, "alpha")
    before = figure("signals_keyring_differences_total")
    async with reading(database.url) as read:
        await read.reader.read()
        await read.reader.compare()
        assert figure("signals_keyring_differences_total") == before
        database.execute(f"SET session_replication_role = replica; {statement}; RESET session_replication_role")
        await read.reader.read()
        assert read.secrets("alpha") == [alpha.secret]
        await read.reader.compare()
        assert read.secrets("alpha") == expected
        await read.reader.compare()
    assert figure("signals_keyring_differences_total") == before + 1
    assert [line for line in log_lines if line["event"] == "Keyring differed from the database"] == [
        {"event": "Keyring differed from the database", "log_level": "warning", "producers": 1}
    ]


async def test_a_number_that_goes_back_has_everything_read(database: Database) -> None:
    await register(database, "alpha")
    async with reading(database.url) as read:
        await read.reader.read()
        database.execute(
            "SET session_replication_role = replica; UPDATE producer_keys SET revoked_at = now(); "
            "UPDATE keyring_changes SET version = 0; RESET session_replication_role"
        )
        await read.reader.read()
        assert read.secrets("alpha") == []


async def test_comparing_does_not_undo_what_is_learnt_meanwhile(database: Database) -> None:
    register_many(database, 200)
    meanwhile: list[asyncio.Task[None]] = []

    class Busy(SealingKeys):
        read: Reading | None = None

        def open(self, sealed: bytes, *, key_id: UUID, producer: str) -> bytes:
            if self.read and producer == "p0" and not meanwhile:
                database.execute("UPDATE producer_keys SET revoked_at = now() WHERE producer = 'p0'")
                meanwhile.append(asyncio.create_task(self.read.reader.read()))
            return super().open(sealed, key_id=key_id, producer=producer)

    sealing = Busy([SEALING_KEY])
    async with reading(database.url, sealing=sealing, limits=Limits(keyring_page=1)) as read:
        await read.reader.read()
        sealing.read = read
        await read.reader.compare()
        assert meanwhile[0].done()
        assert read.secrets("p0") == []
        assert read.secrets("p1") == ["p1"]


async def test_producers_are_counted_whose_keys_all_end_within_a_day(database: Database) -> None:
    """Not one that has another key, nor one whose keys end later, nor one that is disabled anyway."""
    made = await register(database, "ending", "replaced", "later", "disabled")
    async with orm(database.url):
        for key, within in zip(made, (1, 1, 25, 1), strict=True):
            await keys.retire(BY, key.key_id, timedelta(hours=within))
        await keys.add(BY, SEALING, "replaced")
        await registry.update(BY, "producers disable", "disabled", enabled=False)
    async with reading(database.url) as read:
        await read.reader.read()
        await read.reader.compare()
    assert figure("signals_keyring_ending") == 1
