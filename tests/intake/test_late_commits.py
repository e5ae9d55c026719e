"""Commits that become known after their requests were answered: each stored signal has its line all the same."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from structlog.typing import EventDict

from service.intake.journal import Journal
from service.intake.writer import Writer
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks
from service.postgres.pool import Pool
from tests.intake.storing import UNSIGNED
from tests.intake.troubled import send, send_all, until_readiness_is
from tests.postgres.locks import locked
from tests.running.application import SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import DEADLINE_SECONDS, until

IMPATIENT = Limits(answer_seconds=0.3, rehearsal_seconds=0.05, inquiry_seconds=0.05)
DEAF = replace(IMPATIENT, answer_seconds=2.5, command_seconds=2)
"""Does not hear of what is committed later than that. What is done before is done in time, on a busy machine too."""


def lines(log_lines: list[EventDict], message: str) -> list[dict[str, Any]]:
    """What the lines with this message say of their signals."""
    names = ("instrument", "side", "producer_id", "request_id")
    return [{name: line.get(name) for name in names} for line in log_lines if line["event"] == message]


def told(log_lines: list[EventDict]) -> list[str]:
    """The signals that are told as stored, once for each time."""
    return sorted(line["signal_id"] for line in log_lines if line["event"] in {"Signal created", "Signal stored late"})


def stored(direct_database: Database) -> set[str]:
    """The signals in the direct_database."""
    return {str(row["id"]) for row in direct_database.fetch("SELECT id FROM signals")}


@pytest.mark.anyio
async def test_a_commit_that_comes_after_the_answer_is_told_and_counted(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    ingested = figure("signals_ingested_total", instrument="LATE-1", side="buy")
    late = figure("signals_stored_late_total")
    headers = {"X-Producer-Id": "alpha", "X-Request-Id": "late-one", "Content-Type": "application/json"}
    async with serving(direct_database.url, limits=IMPATIENT) as client:
        async with locked(direct_database):
            body = signal_body(instrument="LATE-1")
            assert (await client.post(SIGNALS, content=body, headers=headers)).status_code == 500
        await until(lambda: lines(log_lines, "Signal stored late") != [], "it is told")
    facts = {"instrument": "LATE-1", "side": 0, "producer_id": "alpha", "request_id": "late-one"}
    assert lines(log_lines, "Signal stored late") == [facts]
    assert lines(log_lines, "Signal created") == []
    assert told(log_lines) == sorted(stored(direct_database))
    assert figure("signals_ingested_total", instrument="LATE-1", side="buy") == ingested + 1
    assert figure("signals_stored_late_total") == late + 1


@pytest.mark.anyio
async def test_a_commit_of_which_nobody_heard_is_asked_for(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    """The statement was on its way when the network stalled, and arrived when the service had given it up.

    What a session has not prepared yet is not sent while the network stalls, and which session it is lies with all who
    use one: so the network stalls again and again, until the statements of three were on their way.
    """
    async with database_proxy(direct_database.url) as proxy, serving(proxy.url, limits=DEAF) as client:
        assert await send_all(client, ["LATE-2"] * 3) == [201] * 3
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(lines(log_lines, "Signal stored late")) < 3:
                proxy.stall()
                assert await send_all(client, ["LATE-2"] * 3) == [500] * 3
                await proxy.mend()
                await until_readiness_is(client, "connected")
                assert await send_all(client, ["LATE-2"] * 3) == [201] * 3
        await until(lambda: told(log_lines) == sorted(stored(direct_database)), "they are told")
        assert await send(client) == 201
    assert told(log_lines) == sorted(stored(direct_database))


@pytest.mark.anyio
async def test_a_resend_that_overtakes_its_first_attempt_is_told_once(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    """Of the two ids that the request had, only one is in the direct_database."""
    body, before = signal_body(), signal_body(side=1)
    async with database_proxy(direct_database.url) as proxy, serving(proxy.url, limits=DEAF, signing=True) as client:
        await client.post(SIGNALS, content=before, headers=signing_headers(before))
        proxy.stall()
        assert (await client.post(SIGNALS, content=body, headers=signing_headers(body))).status_code == 500
        await proxy.mend()
        async with asyncio.timeout(30):
            while (await client.post(SIGNALS, content=body, headers=signing_headers(body))).status_code != 201:
                continue
        await until(lambda: told(log_lines) == sorted(stored(direct_database)), "it is told")
    assert len(stored(direct_database)) == 2


@pytest.mark.anyio
async def test_what_was_not_stored_is_not_asked_for_for_ever(direct_database: Database) -> None:
    limits = replace(DEAF, uncertain_seconds=0)
    async with database_proxy(direct_database.url) as proxy, Pool(proxy.url, limits, size=2) as pool:
        writer = Writer(pool, limits, Journal(), queue_limit=9)
        async with Tasks(writer=writer.run):
            await writer.store(UNSIGNED)
            proxy.stall()
            with pytest.raises(InternalError):
                await writer.store(UNSIGNED)
            await proxy.cut()  # and what was under way is gone
            await proxy.mend()
            await until(lambda: not writer.failing(), "signals can be stored")
            await writer.inquire()
            await proxy.cut()
            await writer.inquire()
    assert len(stored(direct_database)) == 1
