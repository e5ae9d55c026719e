"""Connections that are lost, and a database that comes late: nothing is doubled, and nothing that waited is lost."""

import asyncio

import pytest
from structlog.typing import EventDict

from service.receipts.statement import Stored
from tests.intake.storing import UNSIGNED, count, signed, store_all, storing
from tests.postgres.locks import locked, until_somebody_waits
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import wait_until


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.anyio
async def test_a_commit_whose_answer_was_lost_is_found_again(
    database: Database, times: int, log_lines: list[EventDict]
) -> None:
    async with database_proxy(database.url) as proxy, storing(proxy.url) as writer:
        await writer.store(UNSIGNED)
        proxy.cut_commits(times, even_empty=True)
        outcomes = await store_all(writer, [UNSIGNED, signed(1), signed(2), UNSIGNED])
        assert proxy.commits_cut == times
        again = await writer.store(signed(1))
    assert all(isinstance(outcome, Stored) and not outcome.replayed for outcome in outcomes)
    rows = {row["id"]: row["created_at"] for row in database.fetch("SELECT id, created_at FROM signals")}
    assert len(rows) == 5
    assert all(isinstance(outcome, Stored) and rows[outcome.id] == outcome.created_at for outcome in outcomes)
    assert again.replayed
    assert count(database, "receipts") == 2
    assert [line["event"] for line in log_lines] == ["Database write failed"]


@pytest.mark.anyio
async def test_a_connection_that_is_lost_during_a_commit_is_replaced(database: Database) -> None:
    async with storing(database.url) as writer:
        async with locked(database):
            waiting = asyncio.create_task(store_all(writer, [UNSIGNED, signed()]))
            await until_somebody_waits(database)
            database.execute("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'signals'
            """)
        assert all(isinstance(outcome, Stored) and not outcome.replayed for outcome in await waiting)
    assert count(database, "signals") == 2


@pytest.mark.anyio
async def test_a_database_that_comes_late_gets_what_waited_for_it(
    database: Database, log_lines: list[EventDict]
) -> None:
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with storing(proxy.url) as writer:
            waiting = asyncio.create_task(writer.store(UNSIGNED))
            await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the database was missed")
            await proxy.mend()
            await waiting
    assert count(database, "signals") == 1
