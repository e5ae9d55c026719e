"""Readers: made once, changed where it is not so already, and told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from service.postgres import audit
from service.readers import registry
from service.readers.models import ReaderToken
from service.readers.registry import RevokedReader, UnknownReader, checked_name
from service.readers.scope import Scope
from service.readers.tokens import sha256
from tests.readers.known import BY
from tests.running.dumps import dumped
from tests.running.postgres import Database

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("registry")]

GOLD = Scope(("XAU*",), ("my-bot",))


async def trail() -> list[tuple[str, str, Any]]:
    """What the audit trail says, newest first."""
    return [(entry.by, entry.command, entry.what) for entry in await audit.newest(9)]


async def test_a_reader_is_made_once_with_the_scope_that_it_was_given() -> None:
    first = await registry.add(BY, "alpha", GOLD)
    again = await registry.add(BY, "alpha", Scope())
    assert first.token is not None
    assert again.token is None
    for reader in (first.reader, again.reader, *await registry.list_readers()):
        assert (reader.name, reader.instruments, reader.producers, reader.may) == ("alpha", ["XAU*"], ["my-bot"], [])
    what = {"reader": "alpha", "instruments": ["XAU*"], "producers": ["my-bot"], "may": []}
    assert await trail() == [(BY, "readers add", what)]


async def test_the_database_knows_the_hash_of_a_token_and_not_the_token(registry: Database) -> None:
    made = await _add()
    assert [token.sha256 for token in await ReaderToken.all()] == [sha256(made.encode())]
    dump = dumped(registry.url)
    assert sha256(made.encode()).hex().encode() in dump
    assert made.partition("signals_reader_")[2].encode() not in dump


async def test_a_new_token_lets_the_one_before_end_later() -> None:
    first = await _add()
    before = datetime.now(UTC)
    second = await registry.rotate(BY, "alpha", timedelta(hours=24))
    assert second.token not in {None, first}
    assert second.ends_at is not None
    assert timedelta(0) <= second.ends_at - before - timedelta(hours=24) < timedelta(seconds=30)
    assert await ends() == [second.ends_at, None]
    assert (await trail())[0][:2] == (BY, "readers rotate")
    assert (await trail())[0][2].keys() == {"reader", "ends_at"}


async def test_of_two_ends_the_earlier_one_holds() -> None:
    await _add()
    first = await registry.rotate(BY, "alpha", timedelta(hours=1))
    second = await registry.rotate(BY, "alpha", timedelta(hours=24))
    assert await ends() == [first.ends_at, second.ends_at, None]
    third = await registry.rotate(BY, "alpha", timedelta(0))
    assert await ends() == [third.ends_at, third.ends_at, third.ends_at, None]


async def test_a_reader_is_revoked_for_good() -> None:
    await _add()
    first = await registry.revoke(BY, "alpha")
    second = await registry.revoke(BY, "alpha")
    assert first.revoked_at == second.revoked_at is not None
    assert [command for _, command, _ in await trail()] == ["readers revoke", "readers add"]
    with pytest.raises(RevokedReader, match="alpha was revoked, and stays so"):
        await registry.rotate(BY, "alpha", timedelta(0))
    assert (await registry.add(BY, "alpha", Scope())).token is None
    assert len(await ends()) == 1


async def test_a_reader_that_is_not_there_is_told() -> None:
    with pytest.raises(UnknownReader, match="beta"):
        await registry.rotate(BY, "beta", timedelta(0))
    with pytest.raises(UnknownReader, match="beta"):
        await registry.revoke(BY, "beta")
    assert await trail() == []


@pytest.mark.parametrize("name", ["", "x" * 65, "with blank", "Zoë", "alpha\n"])
async def test_another_name_is_refused_by_command_and_table(registry: Database, name: str) -> None:
    with pytest.raises(ValueError, match="a name has 1 to 64"):
        checked_name(name)
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.StringDataRightTruncationError)):
        registry.execute("INSERT INTO readers (name, instruments, producers, may) VALUES ($1, '{}', '{}', '{}')", name)


@pytest.mark.parametrize("lists", ["'{NULL}', '{}', '{}'", "'{}', '{A,NULL}', '{}'", "'{}', '{}', '{NULL}'"])
async def test_the_table_keeps_out_what_is_no_scope(registry: Database, lists: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        registry.execute(f"INSERT INTO readers (name, instruments, producers, may) VALUES ('alpha', {lists})")


async def _add() -> str:
    made = await registry.add(BY, "alpha", Scope())
    assert made.token is not None
    return made.token


async def ends() -> list[datetime | None]:
    """When the tokens end, in the order in which they were made."""
    return [token.ends_at for token in await ReaderToken.all().order_by("created_at")]
