"""Migrations: up, down, at once, by aerich's own command line, and in step with the models."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from aerich.utils import decompress_dict, get_models_describe, import_py_file
from tortoise.context import TortoiseContext

from service.kernel.limits import Limits
from service.postgres import schema
from service.postgres.connector import service_connector
from service.postgres.schema import MIGRATION_LOCK, MIGRATIONS, migrate, migration_files, orm_config
from tests.postgres.locks import until_a_migration_waits, until_somebody_waits
from tests.postgres.migrating import run_migrations
from tests.postgres.rows import insert_receipt, insert_signal
from tests.running.environment import ROOT, service_environment
from tests.running.postgres import Database, Row
from tests.running.waiting import until

BEFORE = INIT, RECEIPTS, EXPIRY, LZ4, PRODUCERS, POSITIONS, INDEXED, READERS, KINDS = (
    "0_20261124133522_init.py",
    "1_20261124133524_receipts.py",
    "2_20261126082500_receipt_expiry.py",
    "3_20261126110000_payload_lz4.py",
    "4_20261126120000_producers.py",
    "5_20261126130000_positions.py",
    "6_20261126130100_positions_indexed.py",
    "7_20261126140000_readers.py",
    "8_20261126150000_receipt_kinds.py",
)
LIFECYCLE = [
    "9_20261126160000_transitions.py",
    "10_20261126161000_expiry.py",
    "11_20261126161100_expiry_indexed.py",
    "12_20261126162000_approval.py",
    PARTITIONS := "13_20261126170000_partitions.py",
    "14_20261126171000_archives.py",
    "15_20261126172000_erasures.py",
    "16_20261127100000_archive_folders.py",
]
ALL = [*BEFORE, *LIFECYCLE]

MODELLED = {"signals", "receipts", "producers", "producer_keys", "audit", "lives", "readers", "reader_tokens"}
ONLY_IN_SQL = {
    "keyring_changes",
    "reader_changes",
    "key_uses",
    "key_reporters",
    "quotas",
    "instruments",
    "horizons",
    "survey",
    "transitions",
    "archives",
    "archive_folders",
    "erasures",
}
"""Tables that no model describes: triggers and statements of the service's own are all that touches them."""

LATER = {"transitions", "archives", "archive_folders", "erasures"}
"""Those of a signal's life."""


def test_the_migrations_are_listed_in_order() -> None:
    assert migration_files() == ALL


def described(database: Database) -> dict[str, list[Row]]:
    """Columns and indexes of the tables that have models, as PostgreSQL describes them."""
    columns = """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY($1) ORDER BY 1, 2
    """
    indexes = """
        SELECT tablename, indexname, replace(indexdef, 'ON ONLY', 'ON') AS indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename = ANY($1) ORDER BY 1, 2
    """
    return {name: database.fetch(query, [*MODELLED]) for name, query in (("columns", columns), ("indexes", indexes))}


def tables(database: Database) -> set[str]:
    """But for those that are parts of others."""
    query = "SELECT relname FROM pg_stat_user_tables WHERE relid NOT IN (SELECT inhrelid FROM pg_inherits)"
    return {row["relname"] for row in database.fetch(query)}


def applied(database: Database) -> list[str]:
    return [row["version"] for row in database.fetch("SELECT version FROM aerich ORDER BY id")]


@pytest.mark.anyio
async def test_models_and_migrations_describe_the_same_tables(
    shared_database: Database, empty_database: Database
) -> None:
    empty_database.execute("CREATE FUNCTION signals_epoch(life int) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'")
    async with TortoiseContext() as context:
        config = orm_config(service_connector(empty_database.url, Limits()))
        config["apps"]["models"]["models"].remove("aerich.models")
        await context.init(config)
        await context.generate_schemas(safe=False)
    assert described(shared_database) == described(empty_database)
    assert {row["table_name"] for row in described(shared_database)["columns"]} == MODELLED
    assert tables(shared_database) == MODELLED | ONLY_IN_SQL | {"aerich"}


@pytest.mark.anyio
async def test_the_newest_migration_remembers_the_models_as_they_are() -> None:
    """Else aerich would write the difference into the next migration that somebody makes."""
    newest = import_py_file(MIGRATIONS / "models" / migration_files()[-1])
    async with TortoiseContext() as context:
        await context.init(orm_config(service_connector("postgresql://nowhere/none", Limits())))
        assert decompress_dict(newest.MODELS_STATE) == get_models_describe("models")


def test_the_tables_have_the_promised_indexes(shared_database: Database) -> None:
    named = {row["indexname"]: row["indexdef"].split(" USING ")[1] for row in described(shared_database)["indexes"]}
    assert named == {
        "signals_pkey": "btree (id)",
        "ix_signals_instrument_time": 'btree (instrument, "time")',
        "ix_signals_status": "btree (status)",
        "ix_signals_instrument_created_at": "btree (instrument, created_at)",
        "ix_signals_producer_id_created_at": "btree (producer_id, created_at)",
        "ix_signals_position": "btree (epoch, xact, id)",
        "ix_signals_instrument_position": "btree (instrument, epoch, xact, id)",
        "ix_signals_expiring": "btree (expires_at) WHERE ((status <> 2) AND (expires_at IS NOT NULL))",
        "receipts_pkey": "btree (key)",
        "ix_receipts_expires_at": "btree (expires_at)",
        "ix_receipts_batch_id": "btree (batch_id) WHERE (batch_id IS NOT NULL)",
        "producers_pkey": "btree (name)",
        "ix_producers_change": "btree (change)",
        "producer_keys_pkey": "btree (id)",
        "ix_producer_keys_producer_id": "btree (producer, id)",
        "ix_producer_keys_change": "btree (change)",
        "audit_pkey": "btree (id)",
        "ix_audit_at_id": "btree (at, id)",
        "lives_pkey": "btree (life)",
        "readers_pkey": "btree (name)",
        "reader_tokens_pkey": "btree (sha256)",
        "ix_reader_tokens_reader_created_at": "btree (reader, created_at)",
    }


def test_nothing_points_to_signals(shared_database: Database) -> None:
    """A foreign key would be in the way of a month that goes."""
    keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'signals'::regclass"
    assert shared_database.value(keys) == 0


def test_up_down_and_up_again_on_real_data(empty_database: Database) -> None:
    database = empty_database
    assert run_migrations(database.url) == ALL
    signal = insert_signal(database)
    insert_receipt(database, signal)
    before = described(database)

    for name in [KINDS, *LIFECYCLE][::-1]:
        assert run_migrations(database.url, down=True) == [name]
    assert tables(database) == (MODELLED | ONLY_IN_SQL | {"aerich"}) - LATER
    assert database.value("SELECT count(*) FROM receipts") == 1
    for name in (READERS, INDEXED, POSITIONS, PRODUCERS):
        assert run_migrations(database.url, down=True) == [name]
    assert tables(database) == {"aerich", "signals", "receipts"}
    assert run_migrations(database.url, down=True) == [LZ4]
    assert run_migrations(database.url, down=True) == [EXPIRY]
    assert database.value("SELECT count(*) FROM receipts") == 1
    assert run_migrations(database.url, down=True) == [RECEIPTS]
    assert tables(database) == {"aerich", "signals"}
    later = {"key_id": None, "epoch": 0, "xact": 0, "state_version": 0, "expires_at": None, "approval": "none"}
    assert [{**kept, **later} for kept in database.fetch("SELECT * FROM signals")] == [{**signal, **later}]

    assert run_migrations(database.url) == ALL[1:]
    assert [dict(kept) for kept in database.fetch("SELECT * FROM signals")] == [{**signal, **later}]
    assert database.value("SELECT count(*) FROM receipts") == 0
    insert_receipt(database, signal)

    assert [name for _ in ALL for name in run_migrations(database.url, down=True)] == ALL[::-1]
    assert tables(database) == {"aerich"}
    own = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    assert database.fetch(own) == []
    assert run_migrations(database.url, down=True) == []

    assert run_migrations(database.url) == ALL
    assert described(database) == before
    assert applied(database) == ALL
    insert_receipt(database, insert_signal(database))


def test_receipts_of_before_are_kept_as_long_as_they_were_and_older_processes_go_on(empty_database: Database) -> None:
    database = empty_database
    run_migrations(database.url)
    while run_migrations(database.url, down=True) != [EXPIRY]:
        pass
    insert_receipt(database, insert_signal(database))
    assert run_migrations(database.url)[0] == EXPIRY
    insert_receipt(database, insert_signal(database))
    kept = database.fetch("SELECT expires_at - created_at >= interval '15 minutes' AS long_enough FROM receipts")
    assert [row["long_enough"] for row in kept] == [True, True]


def test_receipts_that_older_processes_do_not_know_go_with_their_kinds(empty_database: Database) -> None:
    database = empty_database
    run_migrations(database.url)
    signal = insert_signal(database)
    insert_receipt(database, signal)
    insert = "INSERT INTO receipts (key, signal_id, fingerprint, signal_ids) VALUES ($1, $2::uuid, $3, $4)"
    database.execute(insert, b"k", signal["id"], b"f", None)
    database.execute(insert, b"m", signal["id"], None, [signal["id"]])
    while run_migrations(database.url, down=True) != [KINDS]:
        pass
    assert database.value("SELECT count(*) FROM receipts") == 1
    assert run_migrations(database.url)[0] == KINDS


def compression(database: Database, signal: Row) -> str | None:
    """How the payload of a signal is compressed."""
    method: str | None = database.value(
        "SELECT pg_column_compression(payload) FROM signals WHERE id = $1", signal["id"]
    )
    return method


def test_payloads_are_compressed_by_lz4_where_the_server_has_it(empty_database: Database) -> None:
    """The embedded server has not; that of Debian has."""
    database = empty_database
    has_lz4 = "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    run_migrations(database.url)
    large = {"payload": json.dumps({"note": "n" * 8000})}
    stored = insert_signal(database, **large)
    assert compression(database, stored) == ("lz4" if database.value(has_lz4) else "pglz")
    while run_migrations(database.url, down=True) != [LZ4]:
        pass
    assert compression(database, insert_signal(database, **large)) == "pglz"
    assert database.value("SELECT payload->>'note' FROM signals WHERE id = $1", stored["id"]) == "n" * 8000


def test_migrating_again_does_nothing(database: Database) -> None:
    signal = insert_signal(database)
    assert run_migrations(database.url) == []
    assert database.fetch("SELECT * FROM signals") == [signal]


def test_there_is_nothing_to_undo_in_an_empty_database(empty_database: Database) -> None:
    assert run_migrations(empty_database.url, down=True) == []
    assert tables(empty_database) == set()


@pytest.mark.anyio
async def test_signals_are_stored_while_a_migration_waits_for_a_reader(
    empty_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """A lock that is waited for keeps out whoever comes after, so nobody waits for long: pg_dump takes hours."""
    database = empty_database
    await asyncio.to_thread(run_migrations, database.url)
    while await asyncio.to_thread(run_migrations, database.url, down=True) != [POSITIONS]:
        pass
    dump = await asyncpg.connect(database.url)
    await dump.execute("BEGIN; SELECT FROM signals")
    migration = asyncio.create_task(migrate(database.url))
    for _ in range(3):
        await until_somebody_waits(database)
        await asyncio.to_thread(insert_within, database, Limits().answer_seconds)
    assert not migration.done()
    await dump.execute("COMMIT")
    assert await migration == [POSITIONS, INDEXED, READERS, KINDS, *LIFECYCLE]
    assert capsys.readouterr().err.count("waits for a table that others use") == 1
    await dump.close()


def insert_within(database: Database, seconds: float) -> None:
    """Store a signal, or fail."""
    database.execute(f"SET statement_timeout = '{seconds}s'")
    insert_signal(database)


class Steps:
    """Takes the place of a database, for a migration that brings its change in several steps."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def execute_script(self, text: str) -> None:
        """Keep what would be run."""
        self.texts.append(text)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.anyio
async def test_each_migration_says_for_how_long_it_waits_for_a_lock(name: str) -> None:
    """But for those that keep nobody waiting, and what is built meanwhile must not be broken off."""
    module = import_py_file(MIGRATIONS / "models" / name)
    steps = Steps()
    texts = [await module.downgrade(None)]
    if module.RUN_IN_TRANSACTION or name == PARTITIONS:
        texts += [await module.upgrade(steps), *steps.texts]
    assert len(steps.texts) == (2 if name == PARTITIONS else 0)
    assert all(text.startswith("\nSET LOCAL lock_timeout = '500ms';\n") for text in texts)


@pytest.mark.anyio
async def test_a_migration_waits_for_the_one_that_is_running(empty_database: Database) -> None:
    other = await asyncpg.connect(empty_database.url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    migration = asyncio.create_task(migrate(empty_database.url))
    await until_a_migration_waits(empty_database)
    assert tables(empty_database) == set()
    await other.close()
    assert await migration == ALL


@pytest.mark.anyio
async def test_who_waits_to_migrate_has_no_transaction_open(empty_database: Database) -> None:
    """An index that is built concurrently waits for the end of each whose snapshot it has seen, and the migration that
    builds it is what this one waits for."""
    other = await asyncpg.connect(empty_database.url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    migration = asyncio.create_task(migrate(empty_database.url))
    await until_a_migration_waits(empty_database)
    its = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    await until(lambda: not empty_database.value(its), "its transaction has ended", seconds=5)
    await other.close()
    assert await migration == ALL


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
    lines = [line for output, _ in told for line in output.splitlines()]
    assert sorted(line for line in lines if line.startswith("applied")) == sorted(f"applied: {name}" for name in ALL)
    assert len({line for line in lines if line.startswith("made")}) == 2
    assert len(lines) <= len(ALL) + 4
    assert applied(empty_database) == ALL


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
    assert applied(database) == ALL
    everything = tables(database)
    signal = insert_signal(database)
    aerich(database, "downgrade", "--yes")
    assert applied(database) == ALL[:-1]
    aerich(database, "upgrade")
    assert tables(database) == everything
    assert database.fetch("SELECT * FROM signals") == [signal]
    aerich(database, "downgrade", "-v", "0", "--yes")
    assert tables(database) == {"aerich"}


def test_aerich_without_a_database_is_told_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from service.postgres.schema import TORTOISE_ORM"],
        env=service_environment({}),
        cwd=ROOT / "service",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "DATABASE_URL is not set" in done.stderr


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError, match="TORTOISE"):
        _ = schema.TORTOISE
