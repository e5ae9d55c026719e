"""A producer is forgotten everywhere, also in what is put back later."""

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.archive.archiving import Archiving
from service.archive.restoring import restore
from service.erasure.errors import NobodyOfThatName
from service.erasure.forgetting import forget
from service.erasure.trail import FORGOTTEN
from tests.keyring.registered import SEALING_KEY, reading, register
from tests.postgres.rows import insert_receipt, insert_signal
from tests.running.application import SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.months import AGE, Months
from tests.running.postgres import Database, Row
from tests.running.waiting import until
from tests.speaking.reader import FEED

pytestmark = pytest.mark.anyio

NAME = "j.doe+bot"
OPEN: dict[str, Any] = {"app_env": "development", "signals_readers": "open"}

HOLDING = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""

HEARD = """
INSERT INTO receipts (key, signal_id, fingerprint)
SELECT sha256(convert_to($1::uuid::text || n, 'UTF8')), $1::uuid, 'said' FROM generate_series(1, 2500) AS n
"""
"""More receipts of a signal than are looked at at once."""

CLOSED_BY = """
INSERT INTO transitions (id, signal_id, instrument, producer_id, from_status, to_status, state_version, at, by)
VALUES (gen_random_uuid(), $1, 'XAUUSD', $2, 0, 2, 1, now(), $2)
"""

RECORD = "INSERT INTO audit (id, by, command, what) VALUES (gen_random_uuid(), 'anna', 'status', $1)"

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.12); RETURN NEW; END $$
"""
"""A row in less, and three rows in more than may be taken at once."""


async def at_once() -> None:
    """Nobody has to learn of it."""


def pattern_of(name: str) -> str:
    """A regular expression, for Python and for PostgreSQL, that finds the name as a word of its own."""
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def holders(database: Database, name: str = NAME) -> set[str]:
    """The tables in which a name stands as a word."""
    tables = [row["table_name"] for row in database.fetch(HOLDING)]
    found = "SELECT EXISTS (SELECT FROM {} AS t WHERE t::text ~ $1)"
    return {table for table in tables if database.value(found.format(table), pattern_of(name))}


def audited(database: Database) -> list[Row]:
    """The reasons in the audit trail."""
    return database.fetch("SELECT what ->> 'reason' AS reason FROM audit")


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
    months.close(own, by=NAME)
    months.close(months.store(months.present), reason=f"like {NAME}, but not {NAME}2")


async def test_nothing_has_its_name_any_more_and_the_rest_stays(months: Months, connection: asyncpg.Connection) -> None:
    known(months)
    before = {row["id"]: row for row in months.content()["signals"]}
    assert holders(months.database) >= {"producers", "quotas", "readers", "instruments", "audit", "transitions"}
    for number in (1, 0):
        forgotten = await forget(connection, NAME, at_once)
        assert (forgotten.signals, forgotten.archives) == (number, [])
        assert holders(months.database) == set()
    for row in months.content()["signals"]:
        own = before[row["id"]]["producer_id"] == NAME
        erased = {"producer_id": None, "payload": None} if own else {}
        assert dict(row) == {**before[row["id"]], **erased}
    assert [row["reason"] for row in months.content()["transitions"] if row["reason"] != "done"] == [
        f"like , but not {NAME}2"
    ]
    assert months.database.value("SELECT producers FROM readers") == [FORGOTTEN]


async def test_readers_are_shown_neither_its_payload_nor_its_name(
    months: Months, connection: asyncpg.Connection
) -> None:
    own = months.store(months.present, producer_id=NAME)
    months.close(own, by=NAME)
    await forget(connection, NAME, at_once)
    async with serving(months.database.url, **OPEN) as client:
        alone: dict[str, Any] = (await client.get(f"{SIGNALS}/{own['id']}")).json()
        stored, closed = (await client.get(FEED)).json()["events"]
    for shown in (alone, stored["signal"]):
        assert (shown["id"], shown["producer_id"], shown["payload"]) == (str(own["id"]), None, None)
    assert (closed["signal_id"], closed["producer_id"], closed["by"]) == (str(own["id"]), None, None)


async def test_receipts_of_what_it_said_go_and_those_of_others_stay(
    database: Database, connection: asyncpg.Connection
) -> None:
    own, other = insert_signal(database, producer_id=NAME), insert_signal(database)
    for signal in (own, other):
        insert_receipt(database, signal)
        database.execute(HEARD, signal["id"])
    await forget(connection, NAME, at_once)
    assert database.value("SELECT count(*) FROM receipts WHERE signal_id = $1", other["id"]) == 2501
    [left] = database.fetch("SELECT fingerprint FROM receipts WHERE signal_id = $1", own["id"])
    assert left["fingerprint"] is None


async def test_what_is_resent_is_not_stored_a_second_time(database: Database, connection: asyncpg.Connection) -> None:
    """Red when the receipts of signatures go, where a secret is shared."""
    body = signal_body()
    async with serving(database.url, signing=True) as client:
        headers = signing_headers(body, producer_id=NAME)
        first = await client.post(SIGNALS, content=body, headers=headers)
        await forget(connection, NAME, at_once)
        again = await client.post(SIGNALS, content=body, headers=headers)
    assert again.json() == first.json()
    assert database.value("SELECT array_agg(producer_id) FROM signals") == [None]


async def test_fewer_are_changed_at_once_where_many_take_too_long(
    database: Database, connection: asyncpg.Connection
) -> None:
    """Red when as many are tried again and again."""
    signals = [insert_signal(database, producer_id=NAME) for _ in range(3)]
    for signal in signals:
        database.execute(CLOSED_BY, signal["id"], NAME)
    database.execute(SLOW)
    for table in ("signals", "transitions"):
        database.execute(f"CREATE TRIGGER slow BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION slow()")
    async with asyncio.timeout(20):
        assert (await forget(connection, NAME, at_once)).signals == 3
    assert holders(database) == set()


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
    assert holders(months.database) == set()
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


SAID = "{one} said no, {other}: '{other}', as ro{other} and {one}. -2 points, b-2, x.{one}"
"""Names as words of their own, and parts of them that are none."""


@pytest.mark.parametrize("when", ["both while it is here", "both while it is away", "one of them while it is away"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("names", [("bot", "bot-2"), ("bot", "x.bot"), ("bot", "bot,"), ("bot", "-bot-2.bot")], ids=str)
async def test_of_two_names_of_which_one_is_part_of_the_other_nothing_is_left(
    months: Months, connection: asyncpg.Connection, folder: Path, names: tuple[str, str], first: int, when: str
) -> None:
    """Red when the shorter one is taken out of the longer one, of which then a part is left that is no name."""
    for name in names:
        months.store(months.present, producer_id=name)
    told = [SAID.format(one=names[0], other=names[1]), f"{names[1]} {names[0]}", f"{names[0]} {names[1]}"]
    for reason in told:
        months.close(months.store(), reason=reason)
        months.database.execute(RECORD, json.dumps({"reason": reason}))
    archived = when != "both while it is here" and await Archiving(connection, folder).run(AGE)
    await forget(connection, names[first], at_once)
    if archived and when == "one of them while it is away":
        await restore(connection, folder / str(months.oldest))
    await forget(connection, names[1 - first], at_once)
    if archived:
        await restore(connection, folder / str(months.oldest))
    for kept, rows in (("", months.content()["transitions"]), (FORGOTTEN, audited(months.database))):
        words = re.compile("|".join(map(pattern_of, names[::-1])))
        assert sorted(row["reason"] for row in rows) == sorted(words.sub(kept, reason) for reason in told)


@pytest.mark.parametrize("known", ["registered", "by a signal", "by an archive", "forgotten before"])
async def test_a_name_stays_whole_that_has_another_in_it_however_it_is_known(
    months: Months, connection: asyncpg.Connection, folder: Path, known: str
) -> None:
    months.store(months.present, producer_id="bot")
    if known == "registered":
        months.database.execute("INSERT INTO producers (name) VALUES ('bot-2')")
    else:
        months.store(months.present if known == "by a signal" else None, producer_id="bot-2")
    if known == "by an archive":
        await Archiving(connection, folder).run(AGE)
    if known == "forgotten before":
        await forget(connection, "bot-2", at_once)
    months.close(months.store(months.present), reason="bot said: bot-2")
    await forget(connection, "bot", at_once)
    assert [row["reason"] for row in months.content()["transitions"]] == [" said: bot-2"]


async def test_its_keys_prove_nothing_any_more(months: Months, connection: asyncpg.Connection) -> None:
    [key] = await register(months.database, NAME)
    async with reading(months.database.url) as read:
        await read.reader.read()
        assert read.secrets(NAME) == [key.secret]
        await forget(connection, NAME, read.reader.read)
        assert key.secret not in read.secrets(NAME)


async def test_it_cannot_send_any_more(database: Database, connection: asyncpg.Connection) -> None:
    [key] = await register(database, NAME)
    numbers = count()
    sealing = urlsafe_b64encode(SEALING_KEY).decode()
    async with serving(database.url, signing=True, signals_sealing_keys=sealing) as client:

        async def answer() -> str:
            body = signal_body(payload={"number": next(numbers)})
            headers = signing_headers(body, producer_id=NAME, secret=key.secret)
            answer = await client.post(SIGNALS, content=body, headers=headers)
            return str(answer.json().get("code", answer.status_code))

        assert await answer() == "201"

        async def learnt() -> None:
            await until(lambda: figure("signals_keyring_producers") == 0, "the service has learnt of it")

        await forget(connection, NAME, learnt)
        assert await answer() == "signature_mismatch"


async def test_nobody_is_forgotten_whom_nobody_knows(connection: asyncpg.Connection) -> None:
    with pytest.raises(NobodyOfThatName, match="nobody-at-all"):
        await forget(connection, "nobody-at-all", lambda: asyncio.sleep(0))
