"""Writes to one PostgreSQL, past HAProxy: what does it acknowledge, whoever leads?"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count

import asyncpg

from tests.cluster.cluster import Cluster

PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.05
WRITERS = 4


class Prober:
    """`acknowledged` has the numbers that a server said it had stored, and when."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        self.acknowledged: dict[int, float] = {}
        self.tries = 0
        self._cluster = cluster
        self._node = node
        self._numbers = count()

    async def write(self) -> None:
        """Write one number after the other, for ever."""
        while True:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await self._cluster.superuser(self._node)
                try:
                    await self._write(connection)
                finally:
                    connection.terminate()  # to close it in good order would cancel the wait for a standby
            await asyncio.sleep(PAUSE_SECONDS)

    async def _write(self, connection: asyncpg.Connection) -> None:
        warned = asyncio.Event()
        connection.add_log_listener(lambda *_: warned.set())
        while True:
            number = next(self._numbers)
            self.tries += 1
            # Shielded, since a statement that is given up is cancelled in the server, and so is its wait.
            writing = asyncio.ensure_future(connection.execute("INSERT INTO probes VALUES ($1)", number))
            writing.add_done_callback(_outcome_is_too_late)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.shield(writing)
            if not warned.is_set():
                self.acknowledged[number] = time.monotonic()
            await asyncio.sleep(PAUSE_SECONDS)

    def acknowledged_after(self, moment: float) -> int:
        """How many were acknowledged after a moment of the monotonic clock."""
        return sum(when > moment for when in self.acknowledged.values())

    async def lost(self) -> int:
        """How many of those that were acknowledged the leader of now does not have."""
        connection = await self._cluster.superuser(await self._cluster.patroni.leader())
        try:
            kept = {row["number"] for row in await connection.fetch("SELECT number FROM probes")}
        finally:
            await connection.close()
        return len(self.acknowledged.keys() - kept)


def _outcome_is_too_late(writing: asyncio.Future[str]) -> None:
    """What nobody waits for any more may fail: asyncio would complain that nobody asks for the error."""
    if not writing.cancelled():
        writing.exception()


@asynccontextmanager
async def probing(cluster: Cluster, node: str) -> AsyncIterator[Prober]:
    """Writers at the server of a node, which leads at first."""
    connection = await cluster.superuser(node)
    await connection.execute("DROP TABLE IF EXISTS probes; CREATE TABLE probes (number bigint PRIMARY KEY)")
    await connection.close()
    prober = Prober(cluster, node)
    tasks = [asyncio.create_task(prober.write()) for _ in range(WRITERS)]
    try:
        yield prober
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
