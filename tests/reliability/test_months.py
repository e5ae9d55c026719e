"""Whoever archives, restores or migrates is killed: every signal is in the database or in a whole archive, once, as it
was.

The full form kills each a hundred times: make test-reliability ARGS='-k test_months'.
It is killed while it works, at a time drawn from the seed. Half of the kills have to come before it is done, or the
run is invalid.
"""

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from service.archive import files
from service.archive.errors import NoArchive
from service.archive.folder import SIGNALS, TRANSITIONS, Manifest
from service.archive.statement import signals as signal_lines
from service.archive.statement import transitions as transition_lines
from service.months.month import Month
from service.months.partitions import holding, partitions
from tests.postgres.migrating import run_migrations
from tests.reliability.lab import Lab
from tests.running.environment import service_environment, unmeasured
from tests.running.months import Months, id_in, with_months
from tests.running.postgres import Database, PostgresServer
from tests.running.waiting import until_true

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
MONTHS = 13
"""The number of the migration by which signals lie in months."""

NEWEST = "SELECT max(split_part(version, '_', 1)::int) FROM aerich"
GONE = "INSERT INTO signals (id, instrument, side, time) VALUES ($1, 'GONE', 0, now())"
ALONE = """
SELECT NOT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND granted AND datname = current_database())
"""
EVERYTHING = "SELECT md5(string_agg(s::text, '' ORDER BY id)) FROM (SELECT {} FROM signals) AS s"


class Command:
    """A command of an operator, which may be killed while it works: for as long as it has its lock."""

    def __init__(self, lab: Lab, database: Database, connection: asyncpg.Connection, *arguments: str) -> None:
        self._lab = lab
        self._environment = unmeasured(service_environment({"DATABASE_URL": database.url}))
        self._connection = connection
        self._arguments = arguments
        self._seconds = 0.0
        self.killed = 0
        """How often it was killed before it was done."""

    async def run(self) -> None:
        """Give it, and see how long it works."""
        process = await self._give()
        started = time.monotonic()
        told = await process.communicate()
        assert process.returncode == 0, told
        self._seconds = time.monotonic() - started

    async def kill(self) -> None:
        """Give it, and kill it. Returns when the server has noticed."""
        process = await self._give()
        started = time.monotonic()
        await asyncio.sleep(self._lab.draw.uniform(0, self._seconds))
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.killed += 1
        else:
            self._seconds = min(self._seconds, time.monotonic() - started)
        await until_true(self._is_left_alone, "nobody works any more")

    async def _give(self) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "service", *self._arguments]
        process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, cwd=self._lab.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

        async def works() -> bool:
            return process.returncode is not None or not await self._is_left_alone()

        await until_true(works, "it works", pause=0.002)
        return process

    async def _is_left_alone(self) -> bool:
        alone: bool = await self._connection.fetchval(ALONE)
        return alone


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
    archive = Command(lab, database, connection, "archive", "--older-than", "90d", "--to", str(folder))
    restore = Command(lab, database, connection, "restore", str(month))
    await archive.run()
    await restore.run()
    times = lab.size(1, 100)
    for _ in range(times):
        for command, done in ((archive, False), (restore, True)):
            await command.kill()
            found = await lines(connection, months.oldest)
            assert found in (before, {})
            assert found or archived(month) == before, "it is in the archive, whole"
            detaching = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending"
            assert await connection.fetchval(detaching) == 0
            if bool(found) != done:
                await command.run()
    assert await lines(connection, months.oldest) == before
    assert await connection.fetchval("SELECT count(*) FROM signals") == ROWS + 1
    assert min(archive.killed, restore.killed) >= times // 2, f"invalid: {archive.killed}, {restore.killed}"
    print(f"killed before they were done: archive {archive.killed}, restore {restore.killed}")
    await connection.close()


async def test_a_migration_is_killed_at_any_time(lab: Lab, postgres: PostgresServer) -> None:
    database = postgres.create()
    try:
        await _migrations_killed(lab, database)
    finally:
        postgres.drop(database)


async def _migrations_killed(lab: Lab, database: Database) -> None:
    """The table becomes one of months, and one table again."""
    connection = await asyncpg.connect(database.url)
    this = Month.of(await connection.fetchval("SELECT now()"))
    await connection.execute(FILL, this.lower.hex[:12], this.begins, ROWS)
    await connection.execute(FILL, this.later(2).lower.hex[:12], this.begins, 100)
    columns = "id, producer_id, instrument, side, time, payload, version, status, created_at, updated_at, epoch, xact"
    everything = EVERYTHING.format(columns)
    before = await connection.fetchval(everything)
    up, down = (Command(lab, database, connection, "migrate", *way) for way in ([], ["--down"]))
    await undo(database, connection, until=MONTHS - 1)
    await up.run()
    await undo(database, connection, until=MONTHS)
    await down.run()
    times = lab.size(1, 100)
    for _ in range(times):
        for command, begin in ((up, MONTHS - 1), (down, MONTHS)):
            await asyncio.to_thread(run_migrations, database.url)
            await undo(database, connection, until=begin)
            await command.kill()
            assert await connection.fetchval(everything) == before
            async with asyncio.timeout(5):
                await connection.execute(GONE, id_in(this))
                await connection.execute("DELETE FROM signals WHERE instrument = 'GONE'")
    await up.run()
    assert await connection.fetchval(everything) == before
    assert "signals_first" in [part.name for part in await partitions(connection)]
    assert min(up.killed, down.killed) >= times // 2, f"invalid: {up.killed}, {down.killed}"
    print(f"killed before they were done: migrate {up.killed}, migrate --down {down.killed}")
    await connection.close()


async def undo(database: Database, connection: asyncpg.Connection, *, until: int) -> None:
    """Undo migrations until this one is the newest."""
    while await connection.fetchval(NEWEST) > until:
        await asyncio.to_thread(run_migrations, database.url, down=True)
