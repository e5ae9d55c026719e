"""One signal by its id."""

from uuid import UUID

import pytest

from tests.postgres.rows import insert_signal
from tests.reading.reader import reading
from tests.running.application import SIGNALS
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")

DIGITS = '{"a": 0.1234567890123456789012345, "b": 123456789012345678901234567890, "c": "\\u20ac"}'


async def test_it_is_given_as_it_is_now(database: Database) -> None:
    row = insert_signal(database, payload=DIGITS, producer_id=None, status=2)
    async with reading(database.url) as client:
        response = await client.get(f"{SIGNALS}/{row['id']}")
    content = response.json()
    assert [*content] == [
        "id", "producer_id", "instrument", "side", "time", "payload", "version", "status",
        "state_version", "approval", "expires_at", "created_at", "updated_at", "expired", "history"
    ]  # fmt: skip
    assert (content["id"], content["producer_id"], content["status"]) == (str(row["id"]), None, 2)
    assert '{"a": 0.1234567890123456789012345, "b": 123456789012345678901234567890, "c": "€"}' in response.text


@pytest.mark.parametrize("key", [str(UNKNOWN), "1", "x" * 36, "", "..", f"{{{UNKNOWN}}}", UNKNOWN.hex])
async def test_what_is_not_there_is_not_found(database: Database, key: str) -> None:
    async with reading(database.url) as client:
        response = await client.get(f"{SIGNALS}/{key}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_signals_are_not_listed_there(database: Database) -> None:
    async with reading(database.url) as client:
        assert (await client.get(SIGNALS)).status_code == 405
        assert (await client.post(f"{SIGNALS}/{UNKNOWN}")).status_code == 405


async def test_it_takes_no_parameters(database: Database) -> None:
    row = insert_signal(database)
    async with reading(database.url) as client:
        assert (await client.get(f"{SIGNALS}/{row['id']}?fields=id")).status_code == 422
