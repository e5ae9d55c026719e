"""Readers of the feed, page by page; and readers that do it as one would without it."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import httpx

from tests.reliability.postgresql import PostgreSQL

FEED = "/api/v1/feed"
PAUSE_SECONDS = 0.02
FORGETS = 0.02
"""How many of its pages are the last that a reader reads before it begins anew, with nothing but its cursor."""

LIMITS = (1, 7, 100, 1000)
PASSING = {500, 503}


class Pager:
    """A reader with a filter; it waits, or looks again and again. `ids` are the signals that it has seen, in its order.

    What it has of a page counts once it has the whole page, and then its cursor does. After each page it rests for
    `rest` seconds. It comes back after one of the statuses in `passing`; any other is a failure.
    """

    def __init__(
        self,
        port: int,
        query: Mapping[str, str],
        draw: random.Random,
        *,
        rest: float = 0.0,
        passing: Collection[int] = PASSING,
    ) -> None:
        self.query = query
        self.ids: list[str] = []
        self.restarts = 0
        self._url = f"http://127.0.0.1:{port}{FEED}"
        self._draw = draw
        self._rest = rest
        self._passing = passing
        self._cursor: str | None = None

    async def read(self) -> None:
        """Read for ever."""
        while True:
            try:
                async with httpx.AsyncClient(timeout=10) as client:
                    await self._read(client)
            except httpx.TransportError:
                pass
            except AttributeError as error:  # of a connection that ended as it was made: `AsyncConnections` tells why
                if error.name != "getpeername":
                    raise
            self.restarts += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read(self, client: httpx.AsyncClient) -> None:
        while self._draw.random() > FORGETS:
            limit = self._draw.choice(LIMITS) if len(self.ids) % 1000 else 1000
            after = {"after": self._cursor} if self._cursor else {}
            answer = await client.get(self._url, params={**self.query, **after, "limit": limit})
            if answer.status_code != 200:
                assert answer.status_code in self._passing, answer.text
                return
            page = answer.json()
            self.ids += [event["signal"]["id"] for event in page["events"]]
            self._cursor = page["cursor"]
            await asyncio.sleep(self._rest)
            if not page["events"] and "wait" not in self.query:
                await asyncio.sleep(PAUSE_SECONDS)


class NaivePager:
    """A reader that asks the database itself, and goes on from the last row that it has seen, or from a place that it
    has made of the oldest open transaction: its `place`."""

    def __init__(self, postgresql: PostgreSQL, statement: str, start: Sequence[Any]) -> None:
        self.ids: list[str] = []
        self._postgresql = postgresql
        self._statement = statement
        self.place = start

    async def read(self) -> None:
        """Read for ever."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                connection = await self._postgresql.connect()
                try:
                    while True:
                        await self.look(connection)
                        await asyncio.sleep(PAUSE_SECONDS)
                finally:
                    connection.terminate()
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self, connection: Any) -> None:
        """Read what comes after its place."""
        rows = await connection.fetch(self._statement, *self.place)
        self.ids += [str(row["id"]) for row in rows if row["id"] is not None]
        if rows:
            self.place = [value for name, value in rows[-1].items() if name.startswith("place")]


BY_ID = "SELECT id, id AS place FROM signals WHERE id > $1 ORDER BY id"
BY_TIME = """
SELECT id, created_at AS place_at, id AS place FROM signals WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id
"""
BY_HORIZON = """
SELECT s.id, now.xmin AS place FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS now
LEFT JOIN signals AS s ON s.xact >= $1::xid8 AND s.xact < now.xmin ORDER BY s.xact, s.id
"""


@asynccontextmanager
async def paging(pagers: Sequence[Pager | NaivePager]) -> AsyncIterator[None]:
    """Readers at work; they are sent away at the end. Raises what ended one of them before: without it nobody sees all
    that there is, and nothing would tell why."""
    tasks = [asyncio.create_task(pager.read()) for pager in pagers]
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()
