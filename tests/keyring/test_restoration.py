"""A dump that is restored into another server brings back keys that were revoked since: the operator is told."""

import pytest
from structlog.typing import EventDict

from service.kernel.timestamps import parse_timestamp
from service.postgres.orm import orm
from service.producers import keys
from tests.keyring.registered import reading, register
from tests.readers.known import add
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

RESTORED = "Restored from a dump: keys that were revoked since prove again"
ELSEWHERE = "UPDATE lives SET system_identifier = 42"
"""As the table comes with a dump of another server."""


def told(lines: list[EventDict]) -> list[tuple[int, str]]:
    """How many keys prove again, and what to do about them."""
    return [(line["keys"], line["remedy"]) for line in lines if line["event"] == RESTORED]


def lives(database: Database) -> list[int]:
    """The lives of the data."""
    return [row["life"] for row in database.fetch("SELECT life FROM lives ORDER BY life")]


async def test_a_server_of_its_own_is_the_first_life(database: Database, log_lines: list[EventDict]) -> None:
    await register(database, "alpha")
    async with reading(database.url) as read:
        await read.reader.read()
    assert lives(database) == [1]
    identifier = "SELECT system_identifier FROM pg_control_system()"
    assert database.value("SELECT system_identifier FROM lives") == database.value(identifier)
    assert told(log_lines) == []


async def test_it_is_told_at_the_first_start_and_its_remedy_closes_them(
    database: Database, log_lines: list[EventDict]
) -> None:
    await register(database, "alpha", "beta")
    database.execute(ELSEWHERE)
    for _ in range(2):
        async with reading(database.url) as read:
            await read.reader.read()
    [(count, remedy)] = told(log_lines)
    assert (count, lives(database)) == (2, [1, 2])
    assert remedy.startswith("signals keys revoke --before ")
    [gamma] = await register(database, "gamma")
    async with orm(database.url), reading(database.url) as read:
        assert await keys.revoke_before("tests", parse_timestamp(remedy.split()[-1])) == 2
        await read.reader.read()
        assert [read.secrets(name) for name in ("alpha", "beta", "gamma")] == [[], [], [gamma.secret]]


async def test_of_several_processes_one_tells_it(database: Database, log_lines: list[EventDict]) -> None:
    await register(database, "alpha")
    database.execute(ELSEWHERE)
    async with reading(database.url) as one, reading(database.url) as other:
        await one.reader.read()
        await other.reader.read()
    assert len(told(log_lines)) == 1


async def test_without_keys_there_is_nothing_to_tell(database: Database, log_lines: list[EventDict]) -> None:
    database.execute(ELSEWHERE)
    async with reading(database.url) as read:
        await read.reader.read()
    assert (told(log_lines), lives(database)) == ([], [1, 2])


async def test_tokens_of_readers_come_back_too_and_it_is_told(database: Database, log_lines: list[EventDict]) -> None:
    for name in ("alpha", "beta", "gamma"):
        await add(database, name)
    database.execute("UPDATE readers SET revoked_at = now() WHERE name = 'beta'")
    database.execute("UPDATE reader_tokens SET ends_at = now() WHERE reader = 'gamma'")
    database.execute(ELSEWHERE)
    for _ in range(2):
        async with reading(database.url) as read:
            await read.reader.read()
    [line] = [
        line for line in log_lines if line["event"].endswith("tokens of readers that were revoked since are good again")
    ]
    assert line["tokens"] == 1
    assert "signals readers revoke NAME" in line["remedy"]


async def test_an_identifier_that_was_never_known_tells_nothing(database: Database, log_lines: list[EventDict]) -> None:
    await register(database, "alpha")
    database.execute("UPDATE lives SET system_identifier = 0")
    async with reading(database.url) as read:
        await read.reader.read()
    assert (told(log_lines), lives(database)) == ([], [1])
