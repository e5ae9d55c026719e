"""A primary that acknowledges no commit without its standby: two servers, either of which can be killed."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.reliability.postgresql import PORT, PostgreSQL
from tests.running.waiting import until_true

_DEMAND = "ALTER SYSTEM SET synchronous_standby_names = 'standby'"
_FOLLOWED = "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'"
_SESSIONS = "FROM pg_stat_activity WHERE application_name = 'signals'"


class Standby(PostgreSQL):
    """It begins with a copy of the files that its primary began with, and follows it from there."""

    def __init__(self, template: Path, primary: PostgreSQL, name: str = "standby") -> None:
        folder = primary.folder / name
        folder.mkdir()
        super().__init__(template, folder)
        self._primary = primary
        self._name = name
        marker = self._data / "standby.signal"
        marker.touch()
        os.chown(marker, self._data.stat().st_uid, -1)

    def follow(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the server; a moment later commits of the primary can be confirmed by it."""
        primary = f"host={self._primary.folder} port={PORT} user=postgres application_name={self._name}"
        self.start({"primary_conninfo": primary, **(settings or {})})

    async def lag(self) -> None:
        """Show nothing that is committed from now on, though it is confirmed."""
        await self.execute("SELECT pg_wal_replay_pause()")
        await until_true(lambda: self.value("SELECT pg_get_wal_replay_pause_state() = 'paused'"), "the standby lags")

    async def keep_up(self) -> None:
        """Show again what is committed."""
        await self.execute("SELECT pg_wal_replay_resume()")

    async def promote(self) -> None:
        """Let it be a primary; returns when it is."""
        await self.execute("SELECT pg_promote(wait => false)")  # who waits is in the way of what is replayed
        await until_true(lambda: self.value("SELECT NOT pg_is_in_recovery()"), "the standby leads")


class Pair:
    """Both of them, and what the primary knows of the service."""

    def __init__(self, template: Path, primary: PostgreSQL) -> None:
        self.primary = primary
        self.standby = Standby(template, primary)

    async def begin(self) -> None:
        """Start the standby; from then on every commit of the primary waits for it."""
        self.standby.follow()
        await self.primary.execute(_DEMAND)
        await self.primary.execute("SELECT pg_reload_conf()")
        await until_true(lambda: self.primary.value(_FOLLOWED), "the standby follows")

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[list[int]]:
        """How many sessions the service has in the primary, a hundred times a second."""
        counts: list[int] = []
        connection = await self.primary.connect()

        async def count() -> None:
            while True:
                counts.append(await connection.fetchval(f"SELECT count(*) {_SESSIONS}"))
                await asyncio.sleep(0.01)

        task = asyncio.create_task(count())
        try:
            yield counts
        finally:
            task.cancel()
            await asyncio.wait({task})
            connection.terminate()

    async def cancel_waits(self) -> None:
        """Cancel the commits of the service that wait for the standby."""
        await self.primary.execute(f"SELECT pg_cancel_backend(pid) {_SESSIONS} AND wait_event = 'SyncRep'")

    async def stored(self) -> int:
        """How many signals can be seen in the primary."""
        return int(await self.primary.value("SELECT count(*) FROM signals"))


@asynccontextmanager
async def following_pair(template: Path, folder: Path) -> AsyncIterator[Pair]:
    """A primary in a folder of its own, and the standby that it waits for."""
    primary = PostgreSQL(template, folder)
    pair = Pair(template, primary)
    try:
        await primary.begin()
        await pair.begin()
        yield pair
    finally:
        pair.standby.end()
        primary.end()
