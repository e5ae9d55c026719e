"""The number of the latest change: moved by whoever changes producers or keys, in the order of commits."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from tests.running.postgres import Database

ADD = "INSERT INTO producers (name) VALUES ('alpha')"


def numbers(database: Database) -> tuple[int, int]:
    """The latest change, and the latest one after which everything must be read anew."""
    [row] = database.fetch("SELECT version, reload FROM keyring_changes")
    return row["version"], row["reload"]


def changes(database: Database) -> dict[str, int]:
    """The number of the latest change of each producer."""
    return {row["name"]: row["change"] for row in database.fetch("SELECT name, change FROM producers")}


def insert_key(database: Database, producer: str = "alpha") -> None:
    """A key that opens nowhere."""
    database.execute("INSERT INTO producer_keys (id, producer, sealed) VALUES ($1, $2, '')", uuid4(), producer)


def test_what_is_added_and_changed_by_hand_is_counted_and_stamped(database: Database) -> None:
    database.execute("INSERT INTO producers (name) VALUES ('alpha'), ('beta')")
    assert (numbers(database), changes(database)) == ((1, 0), {"alpha": 1, "beta": 1})
    database.execute("UPDATE producers SET enabled = false WHERE name = 'beta'")
    assert (numbers(database), changes(database)) == ((2, 0), {"alpha": 1, "beta": 2})
    insert_key(database)
    database.execute("UPDATE producer_keys SET revoked_at = now()")
    assert database.value("SELECT change FROM producer_keys") == 4
    assert numbers(database) == (4, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM producer_keys",
        "TRUNCATE producer_keys",
        "DELETE FROM producers WHERE name = 'beta'",
        "TRUNCATE producers CASCADE",
        "UPDATE producer_keys SET producer = 'beta'",
        "UPDATE producer_keys SET id = gen_random_uuid()",
        "UPDATE producers SET name = 'gamma' WHERE name = 'beta'",
    ],
)
def test_what_leaves_no_changed_row_behind_asks_for_everything(database: Database, statement: str) -> None:
    database.execute("INSERT INTO producers (name) VALUES ('alpha'), ('beta')")
    insert_key(database)
    database.execute(statement)
    version, reload = numbers(database)
    assert version == reload > 2


@pytest.mark.anyio
async def test_a_number_is_seen_only_after_all_smaller_ones(database: Database) -> None:
    first, second = await asyncpg.connect(database.url), await asyncpg.connect(database.url)
    begun = first.transaction()
    await begun.start()
    await first.execute(ADD)
    later = asyncio.create_task(second.execute("INSERT INTO producers (name) VALUES ('beta')"))
    done, _ = await asyncio.wait({later}, timeout=0.2)
    assert not done
    assert numbers(database) == (0, 0)
    await begun.commit()
    await later
    assert changes(database) == {"alpha": 1, "beta": 2}
    await first.close()
    await second.close()


@pytest.mark.anyio
async def test_a_change_is_announced_and_one_that_is_undone_is_not(database: Database) -> None:
    listener, writer = await asyncpg.connect(database.url), await asyncpg.connect(database.url)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener("signals_keyring", lambda *told: heard.put_nowait(told[3]))
    undone = writer.transaction()
    await undone.start()
    await writer.execute(ADD)
    await undone.rollback()
    await writer.execute(ADD)
    assert await asyncio.wait_for(heard.get(), 5) == ""
    assert heard.empty()
    assert numbers(database) == (1, 0)
    await listener.close()
    await writer.close()


def test_bookkeeping_is_not_counted(database: Database) -> None:
    database.execute("INSERT INTO key_uses VALUES ($1, now(), 1, now())", uuid4())
    database.execute("INSERT INTO key_reporters VALUES ($1, now(), false)", uuid4())
    database.execute("INSERT INTO quotas VALUES ('alpha', now())")
    assert numbers(database) == (0, 0)


def test_a_session_with_another_search_path_is_counted_too(database: Database) -> None:
    database.execute("SET search_path TO ''; INSERT INTO public.producers (name) VALUES ('alpha'); RESET search_path")
    assert numbers(database) == (1, 0)


def test_a_producer_with_keys_stays(database: Database) -> None:
    database.execute(ADD)
    insert_key(database)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        database.execute("DELETE FROM producers")
