"""The database: connection URLs, migrations, constraints, connections that cannot hang, readiness, durability."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aerich.utils import decompress_dict, get_models_describe, import_py_file
from structlog.typing import EventDict
from tortoise.context import TortoiseContext

from service import database as service_database
from service.postgres.durability import NotDurable, check_durability
from service.postgres.pool import connection, tortoise_config
from service.postgres.readiness import Readiness
from service.postgres.schema import MIGRATION_LOCK, MIGRATIONS, migrate, migration_files
from service.postgres.url import connection_arguments
from tests.running.environment import ROOT, service_environment
from tests.running.postgres import Database, Row
from tests.running.waiting import wait_until

from .database_url import with_options

INIT, RECEIPTS = "0_20261124133522_init.py", "1_20261124133524_receipts.py"


@asynccontextmanager
async def pool(url: str, *, size: int = 4, refuse_not_durable: bool = False) -> AsyncIterator[None]:
    """Tortoise with the configuration of the service, for this task and those it starts."""
    async with TortoiseContext() as context:
        await context.init(tortoise_config(url, pool_size=size, refuse_not_durable=refuse_not_durable))
        yield


def insert_signal(database: Database, **values: object) -> Row:
    """Store a signal past the service; returns its whole row."""
    row = {
        "id": uuid4(),
        "producer_id": "alpha",
        "instrument": "XAUUSD",
        "side": 0,
        "time": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "payload": '{"price": 1950.50}',
        **values,
    }
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    statement = f"INSERT INTO signals ({', '.join(row)}) VALUES ({places}) RETURNING *"
    return database.fetch(statement, *row.values())[0]


def insert_receipt(database: Database, signal: Row) -> None:
    """Store the receipt of a signal past the service."""
    database.execute("INSERT INTO receipts (key, signal_id) VALUES ($1, $2)", os.urandom(32), signal["id"])


async def until_backends_wait_for_a_lock(database: Database, number: int) -> None:
    """Return when so many connections to `database` wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await asyncio.to_thread(wait_until, lambda: database.value(waiting) == number, "somebody waits for the lock")


# Connection URLs


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        (
            "postgresql://user:word@db.example:6432/signals",
            {"host": "db.example", "port": 6432, "user": "user", "password": "word", "database": "signals"},
        ),
        (
            "postgres://user@db/signals",
            {"host": "db", "port": 5432, "user": "user", "password": None, "database": "signals"},
        ),
        (
            "postgresql:///signals",
            {"host": "localhost", "port": 5432, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://postgres:@/postgres?host=/run/pg",
            {"host": "/run/pg", "port": 5432, "user": "postgres", "password": None, "database": "postgres"},
        ),
        (
            "postgresql://%2Fvar%2FRun%2Fpg/signals",
            {"host": "/var/Run/pg", "port": 5432, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://db:6432/signals?host=/run/pg&port=7777",
            {"host": "/run/pg", "port": 7777, "user": None, "password": None, "database": "signals"},
        ),
        (
            "postgresql://us%40er:p%40ss%2Fw%3Ard%25@db/sig%20nals",
            {"host": "db", "port": 5432, "user": "us@er", "password": "p@ss/w:rd%", "database": "sig nals"},
        ),
        (
            "postgresql://user:a+b@[::1]:6432/signals",
            {"host": "::1", "port": 6432, "user": "user", "password": "a+b", "database": "signals"},
        ),
    ],
)
def test_a_connection_url_is_taken_apart(url: str, arguments: dict[str, Any]) -> None:
    assert connection_arguments(url) == arguments | {"server_settings": {}}


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-full"])
def test_the_ssl_mode_is_handed_on(mode: str) -> None:
    arguments = connection_arguments(f"postgresql://db/signals?sslmode={mode}&application_name=probe")
    assert arguments["ssl"] == mode
    assert arguments["server_settings"] == {"application_name": "probe"}


@pytest.mark.anyio
async def test_a_url_is_understood_by_the_server(shared_database: Database) -> None:
    arguments = connection_arguments(with_options(shared_database.url, application_name="a/b"))
    probe = await asyncpg.connect(**arguments)
    assert await probe.fetchval("SHOW application_name") == "a/b"
    assert await probe.fetchval("SELECT current_database()") == arguments["database"]
    await probe.close()


# Migrations


def schema(database: Database) -> dict[str, list[Row]]:
    """Columns and indexes of the service's tables, as PostgreSQL describes them."""
    columns = """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'aerich' ORDER BY 1, 2
    """
    indexes = """
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'aerich' ORDER BY 1, 2
    """
    return {"columns": database.fetch(columns), "indexes": database.fetch(indexes)}


def tables(database: Database) -> set[str]:
    return {row["relname"] for row in database.fetch("SELECT relname FROM pg_stat_user_tables")}


def applied(database: Database) -> list[str]:
    return [row["version"] for row in database.fetch("SELECT version FROM aerich ORDER BY id")]


@pytest.mark.anyio
async def test_models_and_migrations_describe_the_same_tables(
    shared_database: Database, empty_database: Database
) -> None:
    async with TortoiseContext() as context:
        config = tortoise_config(empty_database.url, pool_size=2)
        config["apps"]["models"]["models"] = ["service.models"]
        await context.init(config)
        await context.generate_schemas(safe=False)
    assert schema(shared_database) == schema(empty_database)
    assert {row["table_name"] for row in schema(shared_database)["columns"]} == {"signals", "receipts"}


@pytest.mark.anyio
async def test_the_newest_migration_remembers_the_models_as_they_are() -> None:
    """Else aerich would write the difference into the next migration that somebody makes."""
    newest = import_py_file(MIGRATIONS / "models" / migration_files()[-1])
    async with TortoiseContext() as context:
        await context.init(tortoise_config("postgresql://nowhere/none", pool_size=2))
        assert decompress_dict(newest.MODELS_STATE) == get_models_describe("models")


def test_the_tables_have_the_promised_indexes(shared_database: Database) -> None:
    named = {row["indexname"]: row["indexdef"].split(" USING ")[1] for row in schema(shared_database)["indexes"]}
    assert named == {
        "signals_pkey": "btree (id)",
        "ix_signals_instrument_time": 'btree (instrument, "time")',
        "ix_signals_status": "btree (status)",
        "ix_signals_instrument_created_at": "btree (instrument, created_at)",
        "ix_signals_producer_id_created_at": "btree (producer_id, created_at)",
        "receipts_pkey": "btree (key)",
        "ix_receipts_created_at": "btree (created_at)",
    }


def run_migrations(url: str, *, down: bool = False) -> list[str]:
    """Migrate in an event loop of its own, as the command line does."""
    return asyncio.run(migrate(url, down=down))


def test_up_down_and_up_again_on_real_data(empty_database: Database) -> None:
    database = empty_database
    assert run_migrations(database.url) == [INIT, RECEIPTS]
    signal = insert_signal(database)
    insert_receipt(database, signal)
    described = schema(database)

    assert run_migrations(database.url, down=True) == [RECEIPTS]
    assert tables(database) == {"aerich", "signals"}
    assert database.fetch("SELECT * FROM signals") == [signal]

    assert run_migrations(database.url) == [RECEIPTS]
    assert database.fetch("SELECT * FROM signals") == [signal]
    assert database.value("SELECT count(*) FROM receipts") == 0
    insert_receipt(database, signal)

    assert run_migrations(database.url, down=True) == [RECEIPTS]
    assert run_migrations(database.url, down=True) == [INIT]
    assert tables(database) == {"aerich"}
    assert database.value("SELECT to_regproc('signals_touch')") is None
    assert run_migrations(database.url, down=True) == []

    assert run_migrations(database.url) == [INIT, RECEIPTS]
    assert schema(database) == described
    assert applied(database) == [INIT, RECEIPTS]
    insert_receipt(database, insert_signal(database))


def test_migrating_again_does_nothing(database: Database) -> None:
    signal = insert_signal(database)
    assert run_migrations(database.url) == []
    assert database.fetch("SELECT * FROM signals") == [signal]


def test_there_is_nothing_to_undo_in_an_empty_database(empty_database: Database) -> None:
    assert run_migrations(empty_database.url, down=True) == []
    assert tables(empty_database) == set()


@pytest.mark.anyio
async def test_a_migration_waits_for_the_one_that_is_running(empty_database: Database) -> None:
    other = await asyncpg.connect(empty_database.url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    migration = asyncio.create_task(migrate(empty_database.url))
    await until_backends_wait_for_a_lock(empty_database, 1)
    assert tables(empty_database) == set()
    await other.close()
    assert await migration == [INIT, RECEIPTS]


def test_several_processes_may_migrate_at_once(empty_database: Database, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "service", "migrate"],
            env=service_environment({"DATABASE_URL": empty_database.url}),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    told = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    work = f"applied: {INIT}\napplied: {RECEIPTS}\n"
    assert sorted(output for output, _ in told) == sorted([work, "nothing to do\n", "nothing to do\n"])
    assert applied(empty_database) == [INIT, RECEIPTS]


def aerich(database: Database, *arguments: str) -> None:
    """Run aerich's own command line with the configuration in the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "aerich", "-c", "aerich.ini", *arguments],
        env=service_environment({"DATABASE_URL": database.url}),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


def test_the_command_line_of_aerich_works(empty_database: Database) -> None:
    database = empty_database
    aerich(database, "upgrade")
    assert applied(database) == [INIT, RECEIPTS]
    signal = insert_signal(database)
    aerich(database, "downgrade", "--yes")
    assert tables(database) == {"aerich", "signals"}
    aerich(database, "upgrade")
    assert tables(database) == {"aerich", "signals", "receipts"}
    assert database.fetch("SELECT * FROM signals") == [signal]
    aerich(database, "downgrade", "-v", "0", "--yes")
    assert tables(database) == {"aerich"}


def test_aerich_without_a_database_is_told_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from service.database import TORTOISE_ORM"],
        env=service_environment({}),
        cwd=ROOT / "service",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "DATABASE_URL is not set" in done.stderr


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError, match="TORTOISE"):
        _ = service_database.TORTOISE


# Constraints


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("instrument", "A", "ck_signals_instrument"),
        ("instrument", "", "ck_signals_instrument"),
        ("instrument", "xauusd", "ck_signals_instrument"),
        ("instrument", "XAUUSD\n", "ck_signals_instrument"),
        ("instrument", "XAU USD", "ck_signals_instrument"),
        ("instrument", "XAUUSÐ", "ck_signals_instrument"),
        ("side", 2, "ck_signals_side"),
        ("side", -1, "ck_signals_side"),
        ("version", 0, "ck_signals_version"),
        ("version", -1, "ck_signals_version"),
        ("status", 3, "ck_signals_status"),
        ("status", -1, "ck_signals_status"),
    ],
)
def test_the_table_refuses_what_is_no_signal(
    shared_database: Database, column: str, value: object, constraint: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        insert_signal(shared_database, **{column: value})
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(
    "changes",
    [
        {"instrument": "XY"},
        {"instrument": "A" * 20},
        {"instrument": "GOLD.SPOT-1_X"},
        {"side": 1},
        {"status": 1},
        {"status": 2},
        {"version": 2_147_483_647},
        {"producer_id": None},
        {"payload": None},
    ],
)
def test_the_table_takes_every_signal(shared_database: Database, changes: dict[str, object]) -> None:
    row = insert_signal(shared_database, **changes)
    assert changes.items() <= dict(row).items()


def test_an_instrument_of_21_characters_does_not_fit(shared_database: Database) -> None:
    with pytest.raises(asyncpg.StringDataRightTruncationError):
        insert_signal(shared_database, instrument="A" * 21)


@pytest.mark.parametrize("column", ["id", "instrument", "side", "time", "version", "status", "created_at"])
def test_what_every_signal_has_cannot_be_null(shared_database: Database, column: str) -> None:
    with pytest.raises(asyncpg.NotNullViolationError):
        insert_signal(shared_database, **{column: None})


def test_the_database_sets_what_is_not_given(shared_database: Database) -> None:
    before = shared_database.value("SELECT clock_timestamp()")
    row = insert_signal(shared_database)
    assert (row["version"], row["status"]) == (1, 0)
    assert before < row["created_at"] < shared_database.value("SELECT clock_timestamp()")
    assert row["updated_at"] == row["created_at"]


def test_every_update_moves_updated_at_and_none_moves_created_at(database: Database) -> None:
    row = insert_signal(database)
    change = "UPDATE signals SET status = 1, created_at = '2001-01-01Z', updated_at = '2001-01-01Z' RETURNING *"
    [first] = database.fetch(change)
    [second] = database.fetch(change)
    assert first["status"] == 1
    assert first["created_at"] == second["created_at"] == row["created_at"]
    assert row["updated_at"] < first["updated_at"] < second["updated_at"]


@pytest.mark.anyio
async def test_an_update_in_the_transaction_of_the_insert_moves_updated_at_too(shared_database: Database) -> None:
    client = await asyncpg.connect(shared_database.url)
    async with client.transaction():
        insert = "INSERT INTO signals (id, instrument, side, time) VALUES ($1, 'XAUUSD', 0, now()) RETURNING updated_at"
        inserted = await client.fetchval(insert, uuid4())
        assert await client.fetchval("UPDATE signals SET status = 2 RETURNING updated_at") > inserted
    await client.close()


def test_the_seed_query_uses_an_index_at_10000_rows(database: Database) -> None:
    database.execute("""
        INSERT INTO signals (id, instrument, side, time, created_at)
        SELECT gen_random_uuid(), (ARRAY['XAUUSD','EURUSD','BTC-USD','GOLD.SPOT','US500'])[1 + n % 5], n % 2, now(),
               now() - n * interval '1 minute'
        FROM generate_series(1, 10000) AS n
    """)
    database.execute("ANALYZE signals")
    plan = database.fetch("""
        EXPLAIN SELECT * FROM signals
        WHERE instrument = 'XAUUSD' AND created_at > now() - interval '1 day' ORDER BY created_at DESC
    """)
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "ix_signals_instrument_created_at" in text, text
    assert "Seq Scan" not in text, text


# Connections


@pytest.mark.anyio
async def test_every_connection_has_its_limits(shared_database: Database) -> None:
    names = ["application_name", "statement_timeout", "lock_timeout", "synchronous_commit"]
    async with pool(shared_database.url), connection() as client:
        shown = {name: await client.fetchval("SELECT current_setting($1)", name) for name in names}
    assert shown == {
        "application_name": "signals",
        "statement_timeout": "3s",
        "lock_timeout": "2s",
        "synchronous_commit": "on",
    }


@pytest.mark.anyio
async def test_the_url_wins_over_the_limits_of_the_service(shared_database: Database) -> None:
    async with pool(with_options(shared_database.url, application_name="probe")), connection() as client:
        assert await client.fetchval("SHOW application_name") == "probe"


@pytest.mark.anyio
async def test_the_pool_is_as_large_as_it_is_set(shared_database: Database) -> None:
    async with pool(shared_database.url, size=2), connection() as first, connection() as second:
        assert await first.fetchval("SELECT pg_backend_pid()") != await second.fetchval("SELECT pg_backend_pid()")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), connection():
                pass


@pytest.mark.anyio
async def test_an_answer_of_the_server_keeps_the_connection(shared_database: Database) -> None:
    async with pool(shared_database.url, size=2):
        pids = []
        for statement in ("SELECT 1", "SELECT 1/0", "SELECT * FROM no_such_table", "SELECT 1"):
            try:
                async with connection() as client:
                    pids.append(await client.fetchval("SELECT pg_backend_pid()"))
                    await client.execute(statement)
            except asyncpg.PostgresError:
                continue
        assert len(pids) == 4
        assert len(set(pids)) == 1


@pytest.mark.anyio
async def test_a_connection_whose_statement_was_given_up_is_dropped_at_once(shared_database: Database) -> None:
    pids = []

    async def run(statement: str, seconds: float) -> None:
        async with asyncio.timeout(seconds), connection() as client:
            pids.append(await client.fetchval("SELECT pg_backend_pid()"))
            await client.execute(statement)

    async with pool(shared_database.url, size=2):
        with pytest.raises(TimeoutError):
            await run("SELECT pg_sleep(2.5)", seconds=0.2)
        await run("SELECT 1", seconds=1.5)
    assert len(set(pids)) == 2


@pytest.mark.anyio
async def test_the_server_gives_up_on_a_lock_before_the_client_does(database: Database) -> None:
    other = await asyncpg.connect(database.url)
    async with other.transaction(), pool(database.url), connection() as client:
        await other.execute("LOCK TABLE signals")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await client.execute("DELETE FROM signals")
    await other.close()


# Readiness


async def obstacle(url: str) -> str | None:
    async with pool(url):
        return await Readiness(lambda: False).obstacle()


@pytest.mark.anyio
async def test_failing_writes_are_an_obstacle_although_the_database_looks_well(shared_database: Database) -> None:
    async with pool(shared_database.url):
        assert await Readiness(lambda: True).obstacle() == "writes fail"


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
    database.execute("DELETE FROM aerich WHERE version = $1", RECEIPTS)
    assert await obstacle(database.url) == "migrations are missing: run `signals migrate`"
    database.execute("DROP TABLE receipts")
    assert await obstacle(database.url) == "migrations are missing: run `signals migrate`"


@pytest.mark.anyio
async def test_a_read_only_database_is_told(database: Database) -> None:
    name = connection_arguments(database.url)["database"]
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
    other = await asyncpg.connect(database.url)
    readiness = Readiness(lambda: False)
    loop = asyncio.get_running_loop()
    async with other.transaction(), pool(database.url, size=4):
        await other.execute("LOCK TABLE receipts")
        started = loop.time()
        asked = [asyncio.create_task(readiness.obstacle()) for _ in range(20)]
        await until_backends_wait_for_a_lock(database, 1)
        assert set(await asyncio.gather(*asked)) == {"no answer"}
        assert loop.time() - started < 4
        assert await readiness.obstacle() == "locked"
    await other.close()
    async with pool(database.url):
        assert await readiness.obstacle() is None


# Durability


@pytest.mark.anyio
async def test_a_durable_server_is_not_mentioned(shared_database: Database, log_lines: list[EventDict]) -> None:
    await check_durability(shared_database.url, refuse=True)
    await check_durability(shared_database.url, refuse=False)
    assert log_lines == []


@pytest.mark.anyio
async def test_a_server_that_may_lose_commits_is_warned_about(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    await check_durability(with_options(shared_database.url, synchronous_commit="off"), refuse=False)
    assert log_lines == [
        {
            "event": "PostgreSQL may lose acknowledged signals",
            "log_level": "warning",
            "settings": "synchronous_commit is off",
        }
    ]


@pytest.mark.parametrize("value", ["off", "local"])
@pytest.mark.anyio
async def test_a_server_that_may_lose_commits_can_be_refused(shared_database: Database, value: str) -> None:
    with pytest.raises(NotDurable, match=f"^synchronous_commit is {value}$"):
        await check_durability(with_options(shared_database.url, synchronous_commit=value), refuse=True)


@pytest.mark.parametrize("value", ["remote_write", "remote_apply", "on"])
@pytest.mark.anyio
async def test_waiting_for_a_standby_too_is_durable(shared_database: Database, value: str) -> None:
    await check_durability(with_options(shared_database.url, synchronous_commit=value), refuse=True)


@pytest.mark.anyio
async def test_every_connection_of_the_pool_is_checked(shared_database: Database) -> None:
    async with pool(with_options(shared_database.url, synchronous_commit="off"), refuse_not_durable=True):
        assert await Readiness(lambda: False).obstacle() == "not durable: synchronous_commit is off"
        with pytest.raises(NotDurable):
            async with connection():
                pass


def test_the_migrations_are_listed_in_order() -> None:
    assert migration_files() == [INIT, RECEIPTS]
