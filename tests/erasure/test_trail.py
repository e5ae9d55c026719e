"""The audit trail does not name a producer that was forgotten, whatever its name is."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from service.erasure.forgetting import forget
from service.erasure.trail import FORGOTTEN
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

RECORD = "INSERT INTO audit (id, by, command, what) VALUES (gen_random_uuid(), $1, 'x', $2)"

RECORD_MANY = """
INSERT INTO audit (id, by, command, what) SELECT gen_random_uuid(), 'my-bot', 'x', '{}' FROM generate_series(1, 2500)
"""


async def at_once() -> None:
    """Nobody has to learn of it."""


@pytest.mark.parametrize("name", ["my-bot", "2", "true", "null", 'say"so"', "back\\slash", "reason"])
async def test_any_name_goes_and_everything_else_stays(
    database: Database, connection: asyncpg.Connection, name: str
) -> None:
    """Red when names are looked for in JSON as it is written."""

    def told(named: str) -> dict[str, Any]:
        others = {"status": 2, "flag": True, "nothing": None, "rate": "2/s", "at": "2026-01-02T00:00:00Z"}
        return {
            **others,
            "producer": named,
            "producers": [named, f"{name}x"],
            "reason": f"first\n{named} said, not {name}2",
        }

    database.execute("INSERT INTO producers (name) VALUES ($1)", name)
    database.execute(RECORD, name, json.dumps(told(name)))
    for _ in range(2):
        await forget(connection, name, at_once)
        [row] = database.fetch("SELECT by, what FROM audit")
        assert (row["by"], json.loads(row["what"])) == (FORGOTTEN, told(FORGOTTEN))


@pytest.mark.parametrize("name", FORGOTTEN.split())
async def test_what_stands_for_one_who_was_forgotten_does_not_name_another(
    database: Database, connection: asyncpg.Connection, name: str
) -> None:
    """Red when it is read as a reason, and grows each time."""
    for each in ("my-bot", name):
        database.execute("INSERT INTO producers (name) VALUES ($1)", each)
    database.execute(RECORD, "anna", json.dumps({"reason": f"my-bot and {name}"}))
    for each in ("my-bot", name, name):
        await forget(connection, each, at_once)
    assert database.value("SELECT what ->> 'reason' FROM audit") == f"{FORGOTTEN} and {FORGOTTEN}"


async def test_the_trail_of_many_decisions_is_changed_in_parts(
    database: Database, connection: asyncpg.Connection
) -> None:
    database.execute("INSERT INTO producers (name) VALUES ('my-bot')")
    database.execute(RECORD_MANY)
    await forget(connection, "my-bot", at_once)
    assert database.value("SELECT count(*) FROM audit WHERE by = $1", FORGOTTEN) == 2500


async def test_nothing_else_waits_for_the_audit_trail(database: Database, connection: asyncpg.Connection) -> None:
    """Red when it is changed in the same transaction as scopes, which then holds back whoever reads the feed."""
    database.execute("INSERT INTO producers (name) VALUES ('my-bot')")
    database.execute(
        "INSERT INTO readers (name, instruments, producers, may) VALUES ('r', '{}', ARRAY['my-bot'], '{}')"
    )
    database.execute(RECORD, "my-bot", "{}")
    holder = await asyncpg.connect(database.url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM audit FOR UPDATE")
            forgetting = asyncio.create_task(forget(connection, "my-bot", at_once))
            await until(lambda: database.value("SELECT producers FROM readers") == [FORGOTTEN], "scopes are changed")
            assert database.value("SELECT by FROM audit") == "my-bot"
    finally:
        await holder.close()
    await forgetting
    assert database.value("SELECT by FROM audit") == FORGOTTEN
