"""A producer is forgotten everywhere, also in what is put back later."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.archive.archiving import Archiving
from service.archive.restoring import restore
from service.erasure.erasures import pattern_of
from service.erasure.errors import NobodyOfThatName
from service.erasure.forgetting import FORGOTTEN, forget
from tests.keyring.registered import reading, register
from tests.postgres.rows import insert_receipt
from tests.running.application import SIGNALS, serving
from tests.running.months import AGE, Months

pytestmark = pytest.mark.anyio

NAME = "j.doe+bot"
OPEN: dict[str, Any] = {"app_env": "development", "signals_readers": "open"}

HOLDING = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


async def at_once() -> None:
    """Nobody has to learn of it."""


def holders(months: Months, name: str = NAME) -> set[str]:
    """The tables in which a name stands as a word."""
    tables = [row["table_name"] for row in months.database.fetch(HOLDING)]
    found = "SELECT EXISTS (SELECT FROM {} AS t WHERE t::text ~ $1)"
    return {table for table in tables if months.database.value(found.format(table), pattern_of(name))}


def known(months: Months) -> None:
    """Let the producer leave its name in every table that may have it."""
    database = months.database
    execute = database.execute
    execute("INSERT INTO producers (name) VALUES ($1)", NAME)
    execute("INSERT INTO producer_keys (id, sealed, producer) VALUES (gen_random_uuid(), 'sealed', $1)", NAME)
    execute("INSERT INTO quotas (producer, full_at) VALUES ($1, now())", NAME)
    execute("INSERT INTO readers (name, instruments, producers, may) VALUES ('r', '{}', ARRAY[$1], '{}')", NAME)
    execute("INSERT INTO instruments (instrument, producer, latest) VALUES ('XAUUSD', $1, now())", NAME)
    execute(
        "INSERT INTO audit (id, by, command, what) VALUES (gen_random_uuid(), $1, 'x', $2)",
        NAME,
        json.dumps({"n": NAME}),
    )
    own = months.store(months.present, producer_id=NAME)
    insert_receipt(database, own)
    months.close(own, by=NAME)
    months.close(months.store(months.present), reason=f"like {NAME}, but not {NAME}2")


async def test_nothing_has_its_name_any_more_and_the_rest_stays(months: Months, connection: asyncpg.Connection) -> None:
    known(months)
    before = {row["id"]: row for row in months.content()["signals"]}
    assert holders(months) >= {"producers", "quotas", "readers", "instruments", "audit", "transitions"}
    for number in (1, 0):
        forgotten = await forget(connection, NAME, at_once)
        assert (forgotten.signals, forgotten.archives) == (number, [])
        assert holders(months) == set()
    for row in months.content()["signals"]:
        own = before[row["id"]]["producer_id"] == NAME
        erased = {"producer_id": None, "payload": None} if own else {}
        assert dict(row) == {**before[row["id"]], **erased}
    assert [row["reason"] for row in months.content()["transitions"] if row["reason"] != "done"] == [
        f"like , but not {NAME}2"
    ]
    assert months.database.value("SELECT count(*) FROM receipts") == 0
    assert months.database.value("SELECT producers FROM readers") == [FORGOTTEN]
    async with serving(months.database.url, **OPEN) as client:
        signal = next(id for id, row in before.items() if row["producer_id"] == NAME)
        shown: dict[str, Any] = (await client.get(f"{SIGNALS}/{signal}")).json()
    assert (shown["producer_id"], shown["payload"]) == (None, None)


async def test_what_is_put_back_does_not_remember_it(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    own, other = months.store(producer_id=NAME), months.store()
    months.close(own, by=NAME, reason=f"{NAME} said so")
    months.close(other, reason=f"as {NAME} did")
    await Archiving(connection, folder).run(AGE)
    month = folder / str(months.oldest)
    assert (await forget(connection, NAME, at_once)).archives == [str(month)]
    assert await restore(connection, month) is not None
    assert holders(months) == set()
    rows = {row["id"]: row for row in months.content()["signals"]}
    assert rows[own["id"]]["payload"] is None
    assert rows[other["id"]]["payload"] == other["payload"]
    assert rows[other["id"]]["producer_id"] == other["producer_id"]


async def test_who_comes_again_under_the_same_name_is_somebody_else(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.store(producer_id=NAME)
    await forget(connection, NAME, at_once)
    months.database.execute("UPDATE erasures SET at = $1", months.oldest.begins)
    again = months.store(producer_id=NAME)
    await Archiving(connection, folder).run(AGE)
    await restore(connection, folder / str(months.oldest))
    assert months.database.value("SELECT producer_id FROM signals WHERE id = $1", again["id"]) == NAME


async def test_a_closed_month_is_no_reason_to_remember(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    own = months.store(producer_id=NAME)
    await Archiving(connection, folder).run(AGE)
    await restore(connection, folder / str(months.oldest))
    assert (await forget(connection, NAME, at_once)).signals == 1
    erased = months.database.fetch("SELECT * FROM signals WHERE id = $1", own["id"])[0]
    assert dict(erased) == {**own, "producer_id": None, "payload": None}


async def test_its_keys_prove_nothing_any_more(months: Months, connection: asyncpg.Connection) -> None:
    [key] = await register(months.database, NAME)
    async with reading(months.database.url) as read:
        await read.reader.read()
        assert read.secrets(NAME) == [key.secret]
        await forget(connection, NAME, read.reader.read)
        assert key.secret not in read.secrets(NAME)


async def test_nobody_is_forgotten_whom_nobody_knows(connection: asyncpg.Connection) -> None:
    with pytest.raises(NobodyOfThatName, match="nobody-at-all"):
        await forget(connection, "nobody-at-all", lambda: asyncio.sleep(0))
