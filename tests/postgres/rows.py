"""Signals and receipts stored past the service."""

import os
from datetime import UTC, datetime
from uuid import uuid4

from tests.running.postgres import Database, Row

LOOSE_RECEIPTS = """
SELECT count(*) FROM receipts CROSS JOIN LATERAL unnest(signal_id || coalesce(signal_ids, '{}')) AS id
WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM signals)
"""
"""How many signals are named by receipts and not stored."""


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


def loose_receipts(database: Database) -> int:
    """How many signals are named by receipts and not stored."""
    number: int = database.value(LOOSE_RECEIPTS)
    return number
