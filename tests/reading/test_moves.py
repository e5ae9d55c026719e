"""Data that moves to another server: readers go on with their cursors."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from structlog.typing import EventDict
from typer.testing import CliRunner

from service.cli import app
from service.notation.sealing_keys import new_sealing_key
from tests.postgres.database_url import with_options
from tests.postgres.rows import insert_signal
from tests.reading.reader import FEED, LIMITS, all_read, everything, reading
from tests.reading.storing import insert_many
from tests.running.application import JSON, SIGNALS, signal_body
from tests.running.dumps import dumped, restore
from tests.running.postgres import Database, PostgresServer

pytestmark = pytest.mark.anyio

ELSEWHERE = "UPDATE lives SET system_identifier = 42"
"""As the table comes with a dump of another server."""

COUNTED_FAR = "UPDATE signals SET xact = (xact::text::bigint + 5000000000)::text::xid8"
"""As the rows come from a server that has counted further than this one."""


async def store(client: httpx.AsyncClient) -> str:
    """Store a signal through the service; returns its id."""
    answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["id"]
    return key


async def test_a_dump_restored_into_another_server_is_read_whole_and_then_what_is_new(
    database: Database, postgres: PostgresServer
) -> None:
    old = [*insert_many(database, 3), *insert_many(database, 2)]
    database.execute(COUNTED_FAR)
    database.execute(ELSEWHERE)
    fresh = postgres.create(tables=False)
    try:
        restore(dumped(database.url), fresh.url)
        async with reading(fresh.url) as client:
            new = await store(client)
            assert await all_read(client, 6) == [*old, new]
            _, cursor = await everything(client)
            newer = await store(client)
            assert await all_read(client, 1, after=cursor) == [newer]
    finally:
        postgres.drop(fresh)


async def test_a_cursor_of_the_former_server_goes_on(database: Database) -> None:
    old = insert_many(database, 3)
    async with reading(database.url) as client:
        assert await all_read(client, 3) == old
        _, cursor = await everything(client)
    database.execute(ELSEWHERE)
    async with reading(database.url) as client:
        new = [await store(client), await store(client)]
        assert await all_read(client, 2, after=cursor) == new


async def test_a_server_that_keeps_its_identifier_to_itself_is_known_by_what_it_has_counted(
    database: Database, log_lines: list[EventDict]
) -> None:
    database.execute("UPDATE lives SET system_identifier = 0")
    old = insert_many(database, 3)
    database.execute(COUNTED_FAR)
    async with reading(database.url) as client:
        new = await store(client)
        assert await all_read(client, 4) == [*sorted(old), new]
    assert "Data has come from another server: a new life begins" in [line["event"] for line in log_lines]


async def test_what_was_there_before_the_order_is_read_first_and_by_id(database: Database) -> None:
    old = sorted(str(insert_signal(database, epoch=0, xact=0)["id"]) for _ in range(3))
    async with reading(database.url) as client:
        new = await store(client)
        assert await all_read(client, 4) == [*old, new]


async def test_a_service_that_may_not_begin_a_new_life_is_not_ready_and_says_what_to_run(database: Database) -> None:
    insert_many(database, 2)
    database.execute(ELSEWHERE)
    role = f"service_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    database.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        async with reading(with_options(database.url, role=role), replace(LIMITS, answer_seconds=0.5)) as client:
            ready = await client.get("/api/v1/ready")
            refused = await client.get(FEED)
            stored = await client.post(SIGNALS, headers=JSON, content=signal_body())
    finally:
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")
    assert (ready.status_code, refused.status_code) == (503, 503)
    assert "signals migrate" in ready.json()["dependencies"]["db"]
    assert "signals migrate" in refused.json()["detail"]
    assert stored.status_code == 500
    assert database.value("SELECT count(*) FROM signals") == 2


async def test_a_copy_under_logical_replication_is_not_served(database: Database) -> None:
    insert_many(database, 1)
    database.execute(
        "CREATE SUBSCRIPTION fed CONNECTION 'host=nowhere' PUBLICATION none WITH (connect = false, slot_name = NONE)"
    )
    database.execute(
        "INSERT INTO pg_subscription_rel SELECT oid, 'signals'::regclass, 'r', NULL FROM pg_subscription "
        "WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    try:
        async with reading(database.url) as client:
            refused = await client.get(FEED)
        assert refused.status_code == 503
        assert "drop the subscription" in refused.json()["detail"]
    finally:
        database.execute("DROP SUBSCRIPTION fed")


async def test_a_new_life_can_be_begun_by_hand(database: Database) -> None:
    old = sorted(insert_many(database, 2))
    database.execute(COUNTED_FAR)
    settings = {"DATABASE_URL": database.url, "SIGNALS_SEALING_KEYS": new_sealing_key()}
    done = await asyncio.to_thread(CliRunner().invoke, app, ["feed", "new-life"], env=settings)
    assert (done.exit_code, done.stdout) == (0, "Life 2 has begun.\n")
    assert database.value("SELECT command FROM audit") == "feed new-life"
    async with reading(database.url) as client:
        new = await store(client)
        assert await all_read(client, 3) == [*old, new]
