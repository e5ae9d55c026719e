"""Readers of the live feed that come back whenever their stream breaks off, as browsers do."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from tests.speaking.event_stream import CutOff, Decoder, request

PAUSE_SECONDS = (0.01, 0.1)
HANGS_UP = 0.002
"""How many events are the last that a reader takes before it hangs up by itself, and comes back."""


class Follower:
    """One reader, with its filter. `ids` are the signals that it has seen, in its order."""

    def __init__(self, port: int, query: Mapping[str, str], draw: random.Random) -> None:
        self.query = query
        self.ids: list[str] = []
        self.begun = asyncio.Event()
        self.reconnects = 0
        self._port = port
        self._draw = draw
        self._cursor: str | None = None

    async def follow(self) -> None:
        """Read for ever."""
        while True:
            with suppress(OSError, CutOff, asyncio.IncompleteReadError):
                await self._read()
            self.reconnects += 1
            await asyncio.sleep(self._draw.uniform(*PAUSE_SECONDS))

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            last = {"Last-Event-ID": self._cursor} if self._cursor else {}
            writer.write(request("127.0.0.1", self.query, last))
            decoder = Decoder()
            while not decoder.ended and decoder.status in (0, 200):
                for event in decoder.feed(await reader.read(65536)):
                    self._cursor = event.id or self._cursor
                    self.begun.set()
                    if event.data is not None:
                        self.ids.append(event.signal["id"])
                        if self._draw.random() < HANGS_UP:
                            return
        finally:
            writer.close()


@asynccontextmanager
async def following(port: int, queries: Sequence[Mapping[str, str]], seed: int) -> AsyncIterator[Sequence[Follower]]:
    """Readers at work, each of which has begun; they are sent away at the end."""
    followers = [
        Follower(port, query, random.Random(f"{seed}-{number}"))  # noqa: S311  # a schedule, not a secret
        for number, query in enumerate(queries)
    ]
    tasks = [asyncio.create_task(follower.follow()) for follower in followers]
    try:
        for follower in followers:
            await follower.begun.wait()
        yield followers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
