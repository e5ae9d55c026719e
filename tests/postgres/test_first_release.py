"""A database that the first release has migrated and filled goes on with this one."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.kernel.limits import Limits
from service.postgres.schema import migrate, migration_files
from tests.running.application import SIGNALS, serving
from tests.running.postgres import Database

DUMP = Path(__file__).with_name("first_release.sql")

SECRET = "only-for-trying-out-0123456789abcdef"
BODY = b'{"instrument":"XAUUSD","side":1,"time":"2026-01-31T12:00:00Z","payload":{"stop_loss":1945.50}}'
HEADERS = {
    "Content-Type": "application/json",
    "X-Producer-Id": "my-bot",
    "X-Timestamp": "2026-11-26T07:54:15Z",
    "X-Signature": "ZBHyep87kD4f7tUbYAKlqzFYBcfsxRt5M2OOqmXuw2o=",
}
"""A request that the first release took, as it was sent."""

ANSWER = {
    "id": "01a216d9-16e9-74de-94a3-bffcab4f2f5c",
    "status": 0,
    "created_at": "2026-11-26T07:54:15.669517Z",
}

FIRST_RELEASE = ["0_20261124133522_init.py", "1_20261124133524_receipts.py"]


@pytest.fixture
def first_release(empty_database: Database) -> Database:
    """A database of the first release with three signals."""
    empty_database.execute(DUMP.read_text(encoding="utf-8"))
    empty_database.close()  # the dump leaves settings of its own in the session
    return empty_database


def test_only_what_is_new_is_applied(first_release: Database) -> None:
    assert asyncio.run(migrate(first_release.url)) == migration_files()[len(FIRST_RELEASE) :]
    assert asyncio.run(migrate(first_release.url)) == []


@pytest.mark.anyio
async def test_its_signals_and_receipts_are_known_and_it_takes_more(first_release: Database) -> None:
    await migrate(first_release.url)
    at_that_time = datetime(2026, 11, 26, 7, 55, tzinfo=UTC)
    settings: dict[str, Any] = {"hmac_producer_enabled": True, "hmac_producer_secret": SECRET}
    never_pruned = Limits(receipt_seconds=1e9)
    async with serving(first_release.url, clock=lambda: at_that_time, limits=never_pruned, **settings) as client:
        again = await client.post(SIGNALS, content=BODY, headers=HEADERS)
    async with serving(first_release.url) as client:
        new = await client.post(SIGNALS, content=BODY, headers={"Content-Type": "application/json"})
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, ANSWER, "true")
    assert new.status_code == 201
    assert first_release.value("SELECT count(*) FROM signals") == 4
    prices = first_release.fetch("SELECT payload ->> 'price' AS price FROM signals WHERE instrument = 'EURUSD_M15'")
    assert [row["price"] for row in prices] == ["0.1234567890123456789012345"]
