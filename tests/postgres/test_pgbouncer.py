"""Through Debian's PgBouncer: stored once and rightly, with the limits in force, and migrated without a trace."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest

from service.kernel.limits import Limits
from service.lives.session import PooledSession
from service.operate.readiness import Readiness
from service.postgres.connector import Connector, NoConnection, service_connector
from service.postgres.pool import Pool
from service.postgres.schema import MIGRATION_LOCK, migrate, migration_files
from service.settings import SettingsError
from tests.postgres.database_url import with_options
from tests.postgres.locks import until_a_migration_waits
from tests.reading.reader import all_read, everything
from tests.reading.storing import insert_many
from tests.running.application import SIGNALS, serving, signal_body, signing_headers
from tests.running.pgbouncer import limit_role, pgbouncer
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.speaking.exchange import BATCH

LIMITS = Limits(connect_seconds=20, command_seconds=20, readiness_seconds=20)
IGNORING = {"ignore_startup_parameters": "statement_timeout, lock_timeout, synchronous_commit, extra_float_digits"}
REMEDY = "run `ALTER ROLE ... SET lock_timeout = '1s'` and `ALTER ROLE ... SET statement_timeout = '1.5s'`"

both_modes = pytest.mark.parametrize("mode", ["session", "transaction"])
either_way = pytest.mark.parametrize("settings", [{}, IGNORING], ids=["refusing", "ignoring"])


@pytest.fixture
def limited(database: Database) -> Database:
    """A database for which the role has the limits of the service."""
    limit_role(database, statement_timeout="1500ms", lock_timeout="1s")
    return database


async def obstacle(url: str) -> str | None:
    """What readiness says."""
    async with Pool(url, LIMITS, size=2) as pool:
        return await Readiness(pool, lambda: False, LIMITS).obstacle()


async def send(client: httpx.AsyncClient, number: int) -> str:
    """Send a signed signal of its own; the id under which it is stored."""
    body = signal_body(payload={"number": number})
    answer = await client.post(SIGNALS, content=body, headers=signing_headers(body))
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


@either_way
@both_modes
@pytest.mark.anyio
async def test_every_signal_is_stored_once_under_the_id_that_was_answered(
    limited: Database, mode: str, settings: dict[str, str]
) -> None:
    with pgbouncer(limited.url, mode, **settings) as url:
        async with serving(url, signing=True, database_pool_size=4) as client:
            assert (await client.get("/api/v1/ready")).status_code == 200
            sent = [send(client, number) for number in range(100)]
            ids = [
                identifier
                for start in range(0, 100, 5)
                for identifier in await asyncio.gather(*sent[start : start + 5])
            ]
            again = await asyncio.gather(*(send(client, number) for number in range(100)))
    stored = limited.fetch("SELECT id, payload FROM signals")
    assert {str(row["id"]): json.loads(row["payload"])["number"] for row in stored} == {
        identifier: number for number, identifier in enumerate(ids)
    }
    assert again == ids


@either_way
@pytest.mark.anyio
async def test_nothing_is_prepared_in_sessions_that_are_shared(limited: Database, settings: dict[str, str]) -> None:
    """Else another process, with the same name for a statement of its own, would be given the answer of this one."""
    with pgbouncer(limited.url, "transaction", default_pool_size="1", **settings) as url:
        async with serving(url, signing=True) as client:
            await send(client, 1)
            batch = b'{"signals":[%b]}' % b",".join([signal_body()] * 3)
            assert (await client.post(BATCH, content=batch, headers=signing_headers(batch))).status_code == 201
            await client.get("/api/v1/ready")
        assert len(limited.fetch("SELECT FROM signals")) == 4
        observer = await asyncpg.connect(url, statement_cache_size=0)
        assert await observer.fetch("SELECT name FROM pg_prepared_statements") == []
        await observer.close()


async def pooled(connector: Connector) -> bool:
    """Whether a new session is taken for one of a pooler."""
    session = await connector()
    await session.close()
    return type(session) is PooledSession  # asyncpg lets `isinstance` say yes of every connection


@either_way
@pytest.mark.anyio
async def test_a_pooler_is_known_from_then_on(shared_database: Database, settings: dict[str, str]) -> None:
    """Red when each session is opened twice: after a failover, when all are opened at once, that took half a second."""
    with pgbouncer(shared_database.url, "transaction", **settings) as url:
        async with database_proxy(url) as proxy:
            connector = service_connector(proxy.url, LIMITS)
            assert await pooled(connector)
            before = proxy.accepted
            assert await pooled(connector)
            assert proxy.accepted == before + 1


@either_way
@pytest.mark.anyio
async def test_a_server_in_the_place_of_a_pooler_is_noticed(
    shared_database: Database, settings: dict[str, str]
) -> None:
    with pgbouncer(shared_database.url, "transaction", **settings) as url:
        async with database_proxy(shared_database.url) as proxy:
            proxy.lead_to(url)
            connector = service_connector(proxy.url, LIMITS)
            assert await pooled(connector)
            proxy.lead_to(shared_database.url)
            assert await pooled(connector)
            assert not await pooled(connector)


@pytest.mark.anyio
async def test_a_pooler_that_refuses_what_it_took_before_is_asked_anew(shared_database: Database) -> None:
    with (
        pgbouncer(shared_database.url, "transaction", **IGNORING) as ignoring,
        pgbouncer(shared_database.url, "transaction") as refusing,
    ):
        async with database_proxy(ignoring) as proxy:
            connector = service_connector(proxy.url, LIMITS)
            assert await pooled(connector)
            proxy.lead_to(refusing)
            with pytest.raises(NoConnection):
                await connector()
            assert await pooled(connector)


@pytest.mark.anyio
async def test_pages_are_read_in_portions_and_leave_nothing_prepared(limited: Database) -> None:
    """A transaction is read in portions, and the next one of the same page may be in another session: what was
    prepared in the first one would stay there."""
    ids = insert_many(limited, 250)
    with pgbouncer(limited.url, "transaction", default_pool_size="2") as url:
        async with serving(url, signals_readers="open", database_pool_size=8) as client:
            assert await all_read(client, 250) == ids
            readers = [everything(client, limit=40) for _ in range(8)]
            assert [found for found, _ in await asyncio.gather(*readers)] == [ids] * 8
        async with AsyncExitStack() as stack:
            for _ in range(2):
                observer = await asyncpg.connect(url, statement_cache_size=0)
                stack.push_async_callback(observer.close)
                await stack.enter_async_context(observer.transaction())
                assert await observer.fetch("SELECT name FROM pg_prepared_statements") == []


@either_way
@both_modes
@pytest.mark.anyio
async def test_limits_that_are_missing_are_told_with_their_cure(
    database: Database, mode: str, settings: dict[str, str]
) -> None:
    with pgbouncer(database.url, mode, **settings) as url:
        assert await obstacle(url) == f"limits are missing: {REMEDY}"
    limit_role(database, statement_timeout="1500ms")
    with pgbouncer(database.url, mode, **settings) as url:
        assert await obstacle(url) == "limits are missing: run `ALTER ROLE ... SET lock_timeout = '1s'`"
    limit_role(database, lock_timeout="1s")
    with pgbouncer(database.url, mode, **settings) as url:
        assert await obstacle(url) is None


@pytest.mark.anyio
async def test_every_probe_looks_at_the_session_it_lands_in(limited: Database) -> None:
    """Behind a pooler somebody else may have changed it, or it may be older than the limits of the role."""
    with pgbouncer(limited.url, "transaction", default_pool_size="1") as url:
        async with Pool(url, LIMITS, size=2) as pool:
            readiness = Readiness(pool, lambda: False, LIMITS)
            assert await readiness.obstacle() is None
            other = await asyncpg.connect(url, statement_cache_size=0)
            await other.execute("SET statement_timeout = 0")
            missing = "limits are missing: run `ALTER ROLE ... SET statement_timeout = '1.5s'`"
            assert await readiness.obstacle() == missing
            await other.execute("RESET statement_timeout")
            assert await readiness.obstacle() is None
            await other.close()


@pytest.mark.anyio
async def test_a_setting_of_the_url_that_the_pooler_refuses_is_told_and_not_dropped(limited: Database) -> None:
    with (
        pgbouncer(limited.url, "transaction") as url,
        pytest.raises(ConnectionError, match="unsupported startup") as told,
    ):
        await service_connector(with_options(url, synchronous_commit="remote_apply"), LIMITS)()
    assert "options" in str(told.value)


# Migrating


@pytest.fixture(params=["session", "transaction"])
def pooled_empty_database(empty_database: Database, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database through PgBouncer."""
    with pgbouncer(empty_database.url, request.param) as url:
        yield url


def test_several_may_migrate_at_once_through_a_pooler(empty_database: Database, pooled_empty_database: str) -> None:
    with ThreadPoolExecutor() as threads:
        done = [*threads.map(lambda _: asyncio.run(migrate(pooled_empty_database)), range(3))]
    assert sorted(done) == [[], [], migration_files()]
    applied = [row["version"] for row in empty_database.fetch("SELECT version FROM aerich ORDER BY id")]
    assert applied == migration_files()


@pytest.mark.anyio
async def test_migrations_exclude_each_other_through_a_pooler_too(
    empty_database: Database, pooled_empty_database: str
) -> None:
    other = await asyncpg.connect(empty_database.url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    migration = asyncio.create_task(migrate(pooled_empty_database))
    await until_a_migration_waits(empty_database)
    await other.close()
    assert await migration == migration_files()


@pytest.mark.anyio
async def test_limits_that_a_pooler_does_not_lift_need_a_direct_connection(
    empty_database: Database, pooled_empty_database: str
) -> None:
    limit_role(empty_database, statement_timeout="1500ms", lock_timeout="1s")
    with pytest.raises(
        SettingsError, match=r"^DATABASE_URL: .* direct connection .*\(lock_timeout, statement_timeout\)"
    ):
        await migrate(pooled_empty_database)
    assert await migrate(empty_database.url) == migration_files()
