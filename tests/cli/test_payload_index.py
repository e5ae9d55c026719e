"""`signals payload-index`: made, dropped, made anew where an attempt was broken off."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.notation.sealing_keys import new_sealing_key
from service.payloads import index as payload_index
from service.postgres.orm import orm
from tests.postgres.rows import insert_signal
from tests.reading.storing import open_transaction
from tests.running.postgres import Database
from tests.running.waiting import until_true

HELD = f"SELECT EXISTS (SELECT FROM pg_locks WHERE objid = {payload_index.PAYLOADS_LOCK & 0xFFFFFFFF} AND granted)"
NAME = "ix_signals_payload"
DEFINED = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_signals_payload'"
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_signals_payload')"


def run(database: Database, *arguments: str) -> Result:
    """The command in this process."""
    settings = {"DATABASE_URL": database.url, "SIGNALS_SEALING_KEYS": new_sealing_key(), "SIGNALS_OPERATOR": "anna"}
    return CliRunner().invoke(app, ["payload-index", *arguments], env=settings)


def told(database: Database, *arguments: str) -> Any:
    """What it tells a script."""
    result = run(database, *arguments, "--json")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1), result.output
    return json.loads(result.stdout)


def test_it_is_made_and_dropped_once_and_both_are_written_down(database: Database) -> None:
    assert told(database, "create") == {"index": NAME, "created": True}
    assert "USING gin (payload jsonb_path_ops)" in database.value(DEFINED)
    assert told(database, "create") == {"index": NAME, "created": False}
    assert told(database, "drop") == {"index": NAME, "dropped": True}
    assert database.value(VALID) is None
    assert told(database, "drop") == {"index": NAME, "dropped": False}
    entries = database.fetch("SELECT by, command FROM audit ORDER BY at, id")
    assert [tuple(entry) for entry in entries] == [("anna", "payload-index create"), ("anna", "payload-index drop")]


def test_a_person_is_told_in_a_sentence(database: Database) -> None:
    said = [run(database, what).stdout for what in ("create", "create", "drop", "drop")]
    assert said == [
        "The index is made.\n",
        "The index is there already.\n",
        "The index is dropped.\n",
        "There is no such index.\n",
    ]


def test_what_a_broken_attempt_has_left_is_made_anew(database: Database) -> None:
    for _ in range(2):
        insert_signal(database, id=UUID(int=uuid4().int | 1 << 127))
    database.execute(f"CREATE INDEX {NAME} ON ONLY signals (instrument)")
    with pytest.raises(asyncpg.UniqueViolationError):
        database.execute("CREATE UNIQUE INDEX CONCURRENTLY ix_signals_default_payload ON signals_default (instrument)")
    assert database.value(VALID) is False
    assert told(database, "create") == {"index": NAME, "created": True}
    assert database.value(VALID)
    assert "gin" in database.value(DEFINED)


@pytest.mark.anyio
@pytest.mark.parametrize("what", ["create", "drop"])
async def test_while_it_is_made_it_is_left_alone(database: Database, what: str) -> None:
    """Red when what is not finished is taken for left over: the second command would drop what the first one makes."""
    async with orm(database.url):
        async with open_transaction(database):
            making = asyncio.create_task(payload_index.create(database.url, "bert"))

            async def begun() -> bool:
                return bool(database.value(HELD))

            await until_true(begun, "it waits for who has stored a signal, and has not committed it")
            refused = await asyncio.to_thread(run, database, what)
        assert await making
    assert (refused.exit_code, refused.stderr) == (1, "signals: The index is being made already\n")
    assert database.value(VALID)
