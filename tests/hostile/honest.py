"""Honest producers beside the hostile clients: signed signals at a steady rate, and how long each took."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from statistics import quantiles
from typing import TypeVar

from tests.reliability.ledger import Signal
from tests.speaking.connection import Connection

T = TypeVar("T")


class HonestProducers:
    """Each signal is sent when its time has come, whether or not those before it are answered: a service that
    stands still for a moment is late for all that fall due meanwhile."""

    def __init__(self, port: int, supply: Iterator[Signal], per_second: float) -> None:
        self._port = port
        self._supply = supply
        self._pause = 1 / per_second
        self._idle: list[Connection] = []
        self.statuses: set[int] = set()
        self.seconds: list[float] = []

    async def send_until(self, ended: asyncio.Event) -> None:
        """Send until the event is set, take all answers, and hang up."""
        due = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while not ended.is_set():
                group.create_task(self._send(next(self._supply), due))
                due += self._pause
                await asyncio.sleep(due - time.monotonic())
        for connection in self._idle:
            connection.close()

    async def _send(self, signal: Signal, due: float) -> None:
        connection = self._idle.pop() if self._idle else Connection(self._port)
        answer = await connection.ask(signal.request)
        self.seconds.append(time.monotonic() - due)
        self.statuses.add(answer.status)
        self._idle.append(connection)

    @property
    def p99(self) -> float:
        """The time within which 99 of 100 signals were answered, in seconds."""
        return quantiles(self.seconds, n=100)[98]


async def beside(honest: HonestProducers, other: Awaitable[T]) -> T:
    """Let the honest producers work while something else happens."""
    ended = asyncio.Event()
    working = asyncio.create_task(honest.send_until(ended))
    try:
        return await other
    finally:
        ended.set()
        await working
