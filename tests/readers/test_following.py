"""Readers as processes know them: what is changed in the database is known everywhere within a second."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.typing import EventDict

from service.http.errors import Overloaded
from service.kernel.timestamps import utc_now
from service.readers.scope import Reader, Scope
from tests.readers.known import LIMITS, add, knowing, revoke, rotate, who
from tests.running.application import figure
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

ONLY_TOLD = replace(LIMITS, keyring_poll_seconds=60)
ONLY_LOOKING = replace(LIMITS, listener_retry_seconds=60)
QUICK = replace(LIMITS, keyring_poll_seconds=0.02, listener_retry_seconds=0.02)

ALPHA = Reader("alpha", Scope())


async def learnt(what: Callable[[], bool]) -> None:
    """It becomes so within a second."""
    started = time.monotonic()
    await until(what, "the change is learnt")
    assert time.monotonic() - started < 1


async def test_a_reader_is_known_with_its_scope(database: Database) -> None:
    scope = Scope(("XAU*", "EURUSD"), ("my-bot",))
    token = await add(database, "alpha", scope)
    before = time.time()
    async with knowing(database.url) as readers:
        assert who(readers, token) == Reader("alpha", scope)
        assert who(readers, f"{token}x") is None
        assert figure("signals_readers") == 1
        assert figure("signals_readers_read_timestamp_seconds") >= before


@pytest.mark.parametrize("limits", [ONLY_TOLD, LIMITS], ids=["told", "told and looking"])
async def test_two_processes_learn_of_a_revoked_reader_within_a_second(database: Database, limits: object) -> None:
    token, other = await add(database), await add(database, "beta")
    assert isinstance(limits, type(LIMITS))
    async with knowing(database.url, limits) as one, knowing(database.url, limits) as two:
        await until(lambda: figure("signals_keyring_listening") == 1, "they listen")
        await revoke(database)
        await learnt(lambda: who(one, token) is None and who(two, token) is None)
        assert who(one, other) == who(two, other) == Reader("beta")


async def test_what_is_not_announced_is_learnt_within_a_second(database: Database, log_lines: list[EventDict]) -> None:
    token = await add(database)
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with knowing(database.url, ONLY_LOOKING, told_by=proxy.url) as readers:
            await revoke(database)
            await learnt(lambda: who(readers, token) is None)
    [told] = [line["event"] for line in log_lines if "announced" in line["event"]]
    assert told == "Changes are not announced: looking for them instead"


async def test_a_token_is_replaced_without_a_gap(database: Database) -> None:
    shown = [utc_now()]
    old = await add(database)
    async with knowing(database.url, QUICK, clock=lambda: shown[0]) as readers:
        new = await rotate(database, timedelta(hours=24))
        await learnt(lambda: who(readers, new) == ALPHA)
        assert who(readers, old) == ALPHA
        shown[0] += timedelta(hours=23, minutes=59)
        assert who(readers, old) == ALPHA
        shown[0] += timedelta(minutes=2)
        assert who(readers, old) is None
        assert who(readers, new) == ALPHA


async def test_a_token_that_ends_at_once_is_not_good_any_more(database: Database) -> None:
    old = await add(database)
    async with knowing(database.url, QUICK) as readers:
        new = await rotate(database, timedelta(0))
        await learnt(lambda: who(readers, old) is None and who(readers, new) == ALPHA)


@pytest.mark.parametrize(
    ("statement", "reader"),
    [
        ("UPDATE readers SET producers = '{my-bot}'", Reader("alpha", Scope(producers=("my-bot",)))),
        ("UPDATE reader_tokens SET ends_at = now()", None),
        ("DELETE FROM reader_tokens", None),
        ("TRUNCATE reader_tokens", None),
        ("TRUNCATE readers CASCADE", None),
    ],
)
async def test_what_is_changed_by_hand_is_learnt(database: Database, statement: str, reader: Reader | None) -> None:
    token = await add(database)
    async with knowing(database.url) as readers:
        await asyncio.to_thread(database.execute, statement)
        await learnt(lambda: who(readers, token) == reader)


async def test_what_was_not_counted_is_found_in_time(database: Database) -> None:
    token = await add(database)
    async with knowing(database.url, replace(QUICK, keyring_compare_seconds=0.1)) as readers:
        change = "UPDATE readers SET revoked_at = now()"
        database.execute(f"SET session_replication_role = replica; {change}; RESET session_replication_role")
        await until(lambda: who(readers, token) is None, "it is read anew")


async def test_known_readers_stay_known_while_the_database_is_away(
    database: Database, log_lines: list[EventDict]
) -> None:
    token = await add(database)
    async with database_proxy(database.url) as proxy, knowing(proxy.url, QUICK) as readers:
        await proxy.cut()
        await until(lambda: any("cannot be read" in line["event"] for line in log_lines), "it is told")
        assert who(readers, token) == ALPHA
        await revoke(database)
        await proxy.mend()
        await until(lambda: who(readers, token) is None, "it is learnt")
    told = [line["event"] for line in log_lines if "cannot be read" in line["event"]]
    assert told == ["Readers cannot be read"]


async def test_a_service_that_starts_before_its_database_knows_nobody_until_it_is_there(database: Database) -> None:
    token = await add(database)
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with knowing(proxy.url, QUICK) as readers:
            with pytest.raises(Overloaded):
                who(readers, token)
            before = figure("signals_readers_read_timestamp_seconds")
            await proxy.mend()
            await until(lambda: figure("signals_readers_read_timestamp_seconds") > before, "they are read")
            assert who(readers, token) == ALPHA


async def test_nothing_is_read_again_where_nothing_was_changed(database: Database) -> None:
    """The number of changes is; here the tables could not be."""
    token = await add(database)
    async with knowing(database.url, QUICK) as readers:
        database.execute("ALTER TABLE readers RENAME TO hidden")
        before = time.time()
        await until(lambda: figure("signals_readers_read_timestamp_seconds") > before, "it looked")
        assert who(readers, token) == ALPHA
