"""Whoever archives, restores or migrates is killed: every signal is in the database or in a whole archive, once, as it
was.

The full form kills each a hundred times: make test-reliability ARGS='-k test_months'.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.archive import files
from service.archive.errors import NoArchive
from service.archive.folder import SIGNALS, TRANSITIONS, Manifest
from service.archive.statement import signals as signal_lines
from service.archive.statement import transitions as transition_lines
from service.months.month import Month
from service.months.partitions import holding, partitions
from tests.reliability.lab import Lab
from tests.running.environment import service_environment, unmeasured
from tests.running.months import Months, with_months
from tests.running.postgres import Database, PostgresServer

pytestmark = pytest.mark.anyio

ROWS = 5000

FILL = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload, created_at, updated_at)
SELECT ($1::text || substr(md5(n::text), 13))::uuid, 'p' || n % 7, 'XAUUSD', n % 2, $2::timestamptz,
    jsonb_build_object('n', n, 'note', md5(n::text)), $2, $2 FROM generate_series(1, $3) AS n
"""
CLOSE = """
WITH closed AS (
    UPDATE signals SET status = 2, state_version = 1 WHERE instrument = 'XAUUSD' AND side = 0 RETURNING *
)
INSERT INTO transitions (id, signal_id, instrument, producer_id, from_status, to_status, state_version, at, by, reason)
SELECT gen_random_uuid(), id, instrument, producer_id, 0, 2, 1, created_at, 'anna', 'done' FROM closed
"""
EVERYTHING = "SELECT md5(string_agg(s::text, '' ORDER BY id)) FROM (SELECT {} FROM signals) AS s"


class Command:
    """A command of an operator, which may be killed."""

    def __init__(self, lab: Lab, url: str) -> None:
        self._lab = lab
        self._url = url
        self.seconds = 0.0

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[str]:
        environment = unmeasured(service_environment({"DATABASE_URL": self._url}))
        command = [sys.executable, "-m", "service", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=environment, cwd=self._lab.folder, text=True, **pipes)  # type: ignore[call-overload,no-any-return]

    async def run(self, *arguments: str) -> None:
        """Give it, again and again while the server has not noticed yet that an earlier one was killed."""
        while True:
            started = time.monotonic()
            process = self._start(arguments)
            told = await asyncio.to_thread(process.communicate)
            if process.returncode == 0:
                self.seconds = time.monotonic() - started
                return
            assert "Another process" in told[1], told

    async def kill(self, *arguments: str) -> None:
        """Give it, and kill it at a time drawn from the seed."""
        process = self._start(arguments)
        await asyncio.sleep(self._lab.draw.uniform(0.4 * self.seconds, 1.1 * self.seconds))
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.communicate)


async def lines(connection: asyncpg.Connection, month: Month) -> dict[str, list[str]]:
    """What the database has of a month, as an archive has it."""
    if holding(await partitions(connection), month) is None:
        return {}
    return {
        SIGNALS: [line async for chunk in signal_lines(connection, "signals", month) for line in chunk],
        TRANSITIONS: [line async for chunk in transition_lines(connection, month) for line in chunk],
    }


def archived(folder: Path) -> dict[str, list[str]]:
    """What a whole archive has; nothing if it is none."""
    try:
        Manifest.read(folder)
    except NoArchive:
        return {}
    return {name: list(files.read(folder / name)) for name in (SIGNALS, TRANSITIONS)}


async def fill(months: Months, connection: asyncpg.Connection) -> None:
    """Signals of the oldest month, half of them closed, and one of the present."""
    await connection.execute(FILL, months.oldest.lower.hex[:12], months.oldest.begins, ROWS)
    await connection.execute(CLOSE)
    months.store(months.present)


async def test_archive_and_restore_are_killed_at_any_time(lab: Lab, database: Database) -> None:
    months = await with_months(database)
    connection = await asyncpg.connect(database.url)
    await fill(months, connection)
    before = await lines(connection, months.oldest)
    folder = lab.folder / "archive"
    month = folder / str(months.oldest)
    command = Command(lab, database.url)
    commands = {True: ["archive", "--older-than", "90d", "--to", str(folder)], False: ["restore", str(month)]}
    for there in (True, False):
        await command.run(*commands[there])
    times = lab.size(1, 100)
    for _ in range(times):
        there = bool(await lines(connection, months.oldest))
        await command.kill(*commands[there])
        found = await lines(connection, months.oldest)
        assert found in (before, {})
        assert found or archived(month) == before, "it is in the archive, whole"
        detaching = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending"
        assert await connection.fetchval(detaching) == 0
    if not await lines(connection, months.oldest):
        await command.run(*commands[False])
    assert await lines(connection, months.oldest) == before
    assert await connection.fetchval("SELECT count(*) FROM signals") == ROWS + 1
    await connection.close()


async def test_a_migration_is_killed_at_any_time(lab: Lab, postgres: PostgresServer) -> None:
    database = postgres.create()
    try:
        await _migrations_killed(lab, database)
    finally:
        postgres.drop(database)


async def _migrations_killed(lab: Lab, database: Database) -> None:
    connection = await asyncpg.connect(database.url)
    this = Month.of(await connection.fetchval("SELECT now()"))
    await connection.execute(FILL, this.lower.hex[:12], this.begins, ROWS)
    await connection.execute(FILL, this.later(2).lower.hex[:12], this.begins, 100)
    columns = "id, producer_id, instrument, side, time, payload, version, status, created_at, updated_at, epoch, xact"
    everything = EVERYTHING.format(columns)
    before = await connection.fetchval(everything)
    command = Command(lab, database.url)
    await command.run("migrate")
    down = ["migrate", "--down"]
    for number in range(lab.size(1, 100)):
        await command.kill(*(down if number % 2 == 0 else ["migrate"]))
        assert await connection.fetchval(everything) == before
        insert = "INSERT INTO signals (id, instrument, side, time) VALUES (gen_random_uuid(), 'GONE', 0, now())"
        async with asyncio.timeout(5):
            await connection.execute(insert)
            await connection.execute("DELETE FROM signals WHERE instrument = 'GONE'")
        if number % 10 == 9:
            await command.run("migrate")
    await command.run("migrate")
    assert await connection.fetchval(everything) == before
    state: dict[str, Any] = {part.name: part for part in await partitions(connection)}
    assert "signals_first" in state, json.dumps([*state])
    await connection.close()
