"""What `/api/v1/ready` says, asked again and again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.speaking.connection import Broken, Connection, NotSent

_REQUEST = b"GET /api/v1/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, and when it came."""

    moment: float
    ready: bool


class Readiness:
    """All that was said, in order."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def first(self, *, ready: bool, after: float) -> float | None:
        """When it was first said, after that moment, that the service is ready or is not."""
        return next((each.moment for each in self.said if each.moment > after and each.ready is ready), None)

    def said_ready_between(self, start: float, end: float) -> bool:
        """Whether the service was once called ready in that time."""
        return any(each.ready for each in self.said if start < each.moment < end)


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Readiness]:
    """Ask fifty times a second, or as fast as the answers come."""
    readiness = Readiness()
    connection = Connection(port)

    async def watch() -> None:
        while True:
            with suppress(NotSent, Broken, TimeoutError):
                answer = await connection.ask(_REQUEST)
                readiness.said.append(Said(time.monotonic(), answer.status == 200))
            await asyncio.sleep(0.02)

    task = asyncio.create_task(watch())
    try:
        yield readiness
    finally:
        task.cancel()
        await asyncio.wait({task})
        connection.close()
