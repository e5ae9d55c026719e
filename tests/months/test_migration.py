"""The table of signals becomes one of months, and one table again, with all that operators have made on it."""

import asyncio
import re
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from service.kernel.timestamps import utc_now
from service.months.making import make
from service.months.month import Month
from service.months.partitions import FIRST, partitions
from service.postgres.schema import migrate
from tests.postgres.locks import until_it_gives_up, until_somebody_waits
from tests.postgres.migrating import PARTITIONS, run_migrations, undo_months
from tests.postgres.rows import insert_signal
from tests.running.environment import ROOT
from tests.running.months import id_in
from tests.running.postgres import Database

KIND = "SELECT relkind::text FROM pg_class WHERE oid = 'signals'::regclass"
BOUND = "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'signals_first'"
INDEXES = """
SELECT indexname, replace(indexdef, 'ON ONLY', 'ON') AS definition FROM pg_indexes
WHERE tablename = 'signals' ORDER BY 1
"""
RIGHTS = """
SELECT grantee, privilege_type FROM information_schema.role_table_grants
WHERE table_name = 'signals' AND grantee <> current_user ORDER BY 1, 2
"""


@pytest.fixture
def before(database: Database) -> Database:
    """A database with one table of signals."""
    undo_months(database.url)
    return database


def content(database: Database) -> dict[UUID, tuple[object, ...]]:
    """All that is stored."""
    columns = "id, producer_id, instrument, side, time, payload, version, status, created_at, updated_at, epoch, xact"
    return {row["id"]: tuple(row) for row in database.fetch(f"SELECT {columns} FROM signals")}


def touched(database: Database, id: UUID) -> bool:
    """Whether a change of a signal moves its time."""
    change = "UPDATE signals SET version = version + 1 WHERE id = $1 RETURNING updated_at"
    earlier = database.value("SELECT updated_at FROM signals WHERE id = $1", id)
    later: bool = database.value(change, id) > earlier
    return later


def test_it_goes_up_down_and_up_with_all_that_is_there(before: Database) -> None:
    database, role = before, f"service_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    try:
        database.execute(f"GRANT SELECT, INSERT ON signals TO {role}")
        database.execute("CREATE INDEX own ON signals (side) WHERE side = 1")
        insert_signal(database, id=id_in(Month(2026, 1)))
        rights, indexes, stored = database.fetch(RIGHTS), database.fetch(INDEXES), content(database)
        assert run_migrations(database.url)[0] == PARTITIONS
        assert (database.value(KIND), content(database)) == ("p", stored)
        assert (database.fetch(RIGHTS), database.fetch(INDEXES)) == (rights, indexes)
        asyncio.run(_make_next(database.url))
        for _ in range(20):
            insert_signal(database)
        later = [insert_signal(database, id=id)["id"] for id in (id_in(Month(2027, 2)), UUID(int=(1 << 128) - 1))]
        stored = content(database)
        undo_months(database.url)
        assert (database.value(KIND), content(database)) == ("r", stored)
        assert database.fetch(INDEXES) == indexes
        assert touched(database, later[0])
        assert run_migrations(database.url)[0] == PARTITIONS
        assert all(touched(database, id) for id in later)
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")


async def _make_next(url: str) -> None:
    connection = await asyncpg.connect(url)
    await make(connection, Month.of_id((await partitions(connection))[-1].upper))
    await connection.close()


def test_the_first_table_goes_as_far_as_its_ids(before: Database) -> None:
    insert_signal(before, id=id_in(Month(2031, 5)))
    run_migrations(before.url)
    assert str(Month(2031, 6).lower) in before.value(BOUND)


def test_an_attempt_that_was_broken_off_goes_on(before: Database) -> None:
    """Also where the bound that it left behind is none any more."""
    insert_signal(before, id=id_in(Month(2026, 1)))
    past = Month(2026, 2).lower
    before.execute(f"ALTER TABLE signals ADD CONSTRAINT ck_signals_bound CHECK (id < '{past}') NOT VALID")
    assert run_migrations(before.url)[0] == PARTITIONS
    assert str(past) not in before.value(BOUND)
    left = "SELECT count(*) FROM pg_constraint WHERE conname = 'ck_signals_bound'"
    assert before.value(left) == 0


def test_without_the_first_table_it_goes_down_too(database: Database) -> None:
    """As after it was archived."""
    database.execute(f"ALTER TABLE signals DETACH PARTITION {FIRST}")
    database.execute(f"DROP TABLE {FIRST}")
    insert_signal(database)
    stored = content(database)
    undo_months(database.url)
    assert (database.value(KIND), content(database)) == ("r", stored)


LEFT = "SELECT count(*) FROM pg_constraint WHERE conname = 'ck_signals_bound'"


def test_a_migration_that_fails_leaves_no_bound_behind(before: Database) -> None:
    """From which on no signal could be stored, after the service was rolled back."""
    before.execute("CREATE TABLE signals_default ()")
    with pytest.raises(OperationalError, match="already exists"):
        run_migrations(before.url)
    assert before.value(LEFT) == 0


@pytest.mark.anyio
async def test_a_migration_that_is_told_to_stop_says_what_it_leaves_behind(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(undo_months, database.url)
    for reads in (False, True):
        bound = Month.of(utc_now()).later(3).lower
        database.execute(f"ALTER TABLE signals ADD CONSTRAINT ck_signals_bound CHECK (id < '{bound}')")
        reader = await asyncpg.connect(database.url)
        await reader.execute("BEGIN; SELECT FROM signals")
        migration = asyncio.create_task(migrate(database.url))
        await until_somebody_waits(database)
        if not reads:
            await until_it_gives_up(database)
            await reader.execute("ROLLBACK")
        migration.cancel()
        with pytest.raises(asyncio.CancelledError):
            await migration
        await reader.close()
        assert database.value(LEFT) == int(reads)
    [statement] = re.findall(r"ALTER TABLE signals DROP CONSTRAINT \w+", capsys.readouterr().err)
    assert statement in (ROOT / "docs/operations.md").read_text()
    database.execute(statement)
    assert database.value(LEFT) == 0


def test_the_owner_of_signals_owns_what_comes_of_them_whoever_migrates(before: Database) -> None:
    database, role = before, f"owner_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    try:
        database.execute(f"ALTER TABLE signals OWNER TO {role}")
        run_migrations(database.url)
        asyncio.run(_make_next(database.url))
        owners = "SELECT tableowner FROM pg_tables WHERE tablename ~ '^signals|^archive|^erasures$'"
        assert {row["tableowner"] for row in database.fetch(owners)} == {role}
    finally:
        database.execute(f"DROP OWNED BY {role} CASCADE")
        database.execute(f"DROP ROLE {role}")
