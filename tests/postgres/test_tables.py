"""The tables: what they refuse, what they set themselves, and how they are found."""

from uuid import uuid4

import asyncpg
import pytest

from tests.postgres.rows import insert_signal
from tests.running.postgres import Database


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
        SELECT (lpad(to_hex(extract(epoch FROM now())::bigint * 1000), 12, '0') || substr(md5(n::text), 13))::uuid,
               (ARRAY['XAUUSD','EURUSD','BTC-USD','GOLD.SPOT','US500'])[1 + n % 5], n % 2, now(),
               now() - n * interval '1 minute'
        FROM generate_series(1, 10000) AS n
    """)
    database.execute("ANALYZE signals")
    plan = database.fetch("""
        EXPLAIN SELECT * FROM signals
        WHERE instrument = 'XAUUSD' AND created_at > now() - interval '1 day' ORDER BY created_at DESC
    """)
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "ix_signals_instrument_created_at_first" in text, text
    assert "Seq Scan on signals_first" not in text, text
