"""Readiness: what keeps the service from storing signals, told in time."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from service.operate.readiness import Readiness
from service.postgres.pool import Pool
from service.postgres.schema import migration_files
from tests.postgres.database_url import with_options
from tests.postgres.locks import locked, until_somebody_waits
from tests.postgres.rows import insert_receipt, insert_signal
from tests.running.postgres import Database

LIMITS = Limits()


async def obstacle(url: str) -> str | None:
    async with Pool(url, LIMITS, size=4) as pool:
        return await Readiness(pool, lambda: False, LIMITS).obstacle()


@pytest.mark.anyio
async def test_failing_writes_are_an_obstacle_although_the_database_looks_well(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=4) as pool:
        assert await Readiness(pool, lambda: True, LIMITS).obstacle() == "writes fail"


@pytest.mark.anyio
async def test_a_current_database_is_no_obstacle(shared_database: Database) -> None:
    assert await obstacle(shared_database.url) is None


@pytest.mark.anyio
async def test_a_probe_changes_nothing(database: Database) -> None:
    row = insert_signal(database)
    insert_receipt(database, row)
    assert await obstacle(database.url) is None
    assert database.fetch("SELECT * FROM signals") == [row]
    assert database.value("SELECT count(*) FROM receipts") == 1


@pytest.mark.anyio
async def test_a_newer_schema_is_no_obstacle(database: Database) -> None:
    """Deployments roll: the next version migrates while this one still serves."""
    database.execute("INSERT INTO aerich (version, app, content) VALUES ('2_20991231_next.py', 'models', '{}')")
    assert await obstacle(database.url) is None


@pytest.mark.anyio
async def test_an_empty_database_needs_its_migrations(empty_database: Database) -> None:
    assert await obstacle(empty_database.url) == "migrations are missing: run `signals migrate`"


@pytest.mark.anyio
async def test_an_older_schema_needs_its_migrations(database: Database) -> None:
    database.execute("DELETE FROM aerich WHERE version = $1", migration_files()[-1])
    assert await obstacle(database.url) == "migrations are missing: run `signals migrate`"
    database.execute("DROP TABLE receipts")
    assert await obstacle(database.url) == "migrations are missing: run `signals migrate`"


@pytest.mark.anyio
async def test_a_read_only_database_is_told(database: Database) -> None:
    name = database.value("SELECT current_database()")
    database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert await obstacle(database.url) == "read-only"


@pytest.mark.anyio
async def test_a_user_that_may_not_store_signals_is_told(shared_database: Database) -> None:
    role = f"reader_{uuid4().hex}"
    shared_database.execute(f"CREATE ROLE {role}")
    shared_database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        assert await obstacle(with_options(shared_database.url, role=role)) == "not permitted"
    finally:
        shared_database.execute(f"DROP OWNED BY {role}")
        shared_database.execute(f"DROP ROLE {role}")


@pytest.mark.anyio
async def test_a_database_that_is_away_is_told_in_time(tmp_path: Path, log_lines: list[EventDict]) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await obstacle(f"postgresql://nobody@/none?host={tmp_path}") == "not reachable"
    assert loop.time() - started < 4
    assert [line["event"] for line in log_lines] == ["Database not reachable"]


@pytest.mark.anyio
async def test_a_locked_table_is_told_in_time_by_one_probe_for_all_who_ask(database: Database) -> None:
    limits = Limits(readiness_seconds=0.5, lock_seconds=0.75)
    loop = asyncio.get_running_loop()
    async with Pool(database.url, limits, size=4) as pool:
        readiness = Readiness(pool, lambda: False, limits)
        async with locked(database, "receipts"):
            started = loop.time()
            asked = [asyncio.create_task(readiness.obstacle()) for _ in range(20)]
            await until_somebody_waits(database)
            assert set(await asyncio.gather(*asked)) == {"no answer"}
            assert loop.time() - started < 4
            assert await readiness.obstacle() == "locked"
        assert await readiness.obstacle() is None
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'signals' AND datname = "
        assert database.value(f"{sessions} current_database()") == 1, "one probe for all needs one connection"


@pytest.mark.anyio
async def test_many_may_ask_at_once_again_and_again(shared_database: Database) -> None:
    """Who asks again at once begins the next probe before the others have read the result of the last one."""
    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        readiness = Readiness(pool, lambda: False, LIMITS)

        async def ask() -> set[str | None]:
            return {await readiness.obstacle() for _ in range(10)}

        assert await asyncio.gather(*(ask() for _ in range(8))) == [{None}] * 8
