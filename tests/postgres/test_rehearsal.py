"""While nothing can be stored and nobody asks for it, the service tries by itself whether it still is so."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from service.kernel.limits import Limits
from service.postgres.rehearsal import rehearse
from tests.intake.troubled import readiness, refusing, send, until_readiness_is
from tests.postgres.database_url import with_options
from tests.postgres.roles import documented_role
from tests.running.application import serving
from tests.running.postgres import Database

RESTLESS = Limits(answer_seconds=0.3, retry_seconds=0.05, rehearsal_seconds=0.02)


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    with documented_role(database) as name:
        yield name


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A session at `url`."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("sqlstate", ["53100", "25006", "23514"])
@pytest.mark.anyio
async def test_the_service_is_not_ready_until_a_signal_could_be_stored_although_none_comes(
    database: Database, sqlstate: str
) -> None:
    """It forgot the failure together with the last request that waited: ready again, with a full disk."""
    trouble = refusing(database, "true", sqlstate)
    async with serving(database.url, limits=RESTLESS) as client:
        assert await send(client) == 500
        tried = trouble.statements()
        while trouble.statements() < tried + 5:
            assert await readiness(client) == "writes fail"
        trouble.end()
        await until_readiness_is(client, "connected")
    assert database.value("SELECT count(*) FROM signals") == 0


@pytest.mark.anyio
async def test_a_service_that_is_well_does_not_rehearse(database: Database) -> None:
    trouble = refusing(database, "NEW.instrument = 'CULPRIT'", "22P05")
    async with serving(database.url, limits=RESTLESS) as client:
        assert await send(client) == 201
        assert await send(client, "CULPRIT") == 422
        for _ in range(20):
            assert await readiness(client) == "connected"
    assert trouble.statements() == 2


@pytest.mark.anyio
async def test_a_rehearsal_is_committed_to_disk_needs_new_room_and_leaves_nothing(database: Database) -> None:
    room = """
        SELECT sum(pg_relation_size(reltoastrelid))::bigint FROM pg_partition_tree('signals')
        JOIN pg_class ON oid = relid WHERE isleaf
    """
    async with connected(database.url) as connection:
        for _ in range(3):
            written, taken = await connection.fetchval("SELECT pg_current_wal_flush_lsn()"), database.value(room)
            await rehearse(connection)
            assert await connection.fetchval("SELECT pg_current_wal_flush_lsn() - $1::pg_lsn", written) > 8192
            assert database.value(room) >= taken + 8192
    assert database.value("SELECT count(*) FROM signals") == 0
    assert database.value("SELECT count(*) FROM receipts") == 0


@pytest.mark.anyio
async def test_a_rehearsal_needs_no_more_rights_than_the_service_has(database: Database, role: str) -> None:
    async with connected(with_options(database.url, role=role)) as connection:
        await rehearse(connection)


@pytest.mark.parametrize("table", ["signals", "receipts"])
@pytest.mark.anyio
async def test_a_rehearsal_fails_where_a_signal_could_not_be_stored(database: Database, role: str, table: str) -> None:
    database.execute(f"REVOKE INSERT ON {table} FROM {role}")
    async with connected(with_options(database.url, role=role)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await rehearse(connection)
