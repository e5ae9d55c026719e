"""What the server says while a session is lent."""

import asyncio

import asyncpg
import pytest

from service.kernel.limits import Limits
from service.postgres.pool import Pool
from service.postgres.session import NotConfirmed
from tests.postgres.backends import backend
from tests.running.postgres import Database

LIMITS = Limits()
WARN = "DO $$ BEGIN RAISE WARNING 'as of a commit that has not waited'; END $$"


async def warn(connection: asyncpg.Connection) -> int:
    """Let the server warn, as of a commit that did not wait for its standby; the process that serves the session."""
    await connection.execute(WARN)
    return await backend(connection)


@pytest.mark.anyio
async def test_a_commit_is_not_confirmed_when_the_server_warns_and_those_behind_it_are(
    shared_database: Database,
) -> None:
    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        before = await pool.commit(backend)
        for _ in range(2):
            with pytest.raises(NotConfirmed, match="as of a commit that has not waited"):
                await pool.commit(warn)
            assert await pool.commit(backend) == before


@pytest.mark.anyio
async def test_a_warning_to_who_commits_nothing_is_not_about_the_next_commit(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        async with pool.connection() as connection:
            before = await warn(connection)
        assert await pool.commit(backend) == before


@pytest.mark.anyio
async def test_what_fails_after_a_warning_fails_with_its_own_error(shared_database: Database) -> None:
    async def fail(connection: asyncpg.Connection) -> None:
        await warn(connection)
        raise LookupError

    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        with pytest.raises(LookupError):
            await pool.commit(fail)


@pytest.mark.anyio
async def test_work_that_is_cancelled_from_within_keeps_nobody_waiting(shared_database: Database) -> None:
    async def give_up(_: asyncpg.Connection) -> None:
        raise asyncio.CancelledError

    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        with pytest.raises(asyncio.CancelledError):
            await pool.commit(give_up)
        assert pool.in_use == 0
