"""Three servers, and a service that reads from one of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from service.kernel.limits import Limits
from tests.reading.reader import LIMITS, reading
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.standby import Pair, Standby
from tests.running.application import JSON, SIGNALS, figure, signal_body
from tests.running.waiting import until_true

READY = "/api/v1/ready/feed"

QUICK = replace(LIMITS, standby_seconds=0.1, survey_seconds=0.1)


@dataclass(frozen=True, slots=True)
class Servers:
    """`read` is the one that readers are sent to; the primary waits for the other standby alone."""

    pair: Pair
    read: Standby

    @property
    def primary(self) -> PostgreSQL:
        """Where signals are stored."""
        return self.pair.primary

    @asynccontextmanager
    async def serving(
        self, *, url: str | None = None, limits: Limits = QUICK, **settings: Any
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A service that reads from the standby, once it does."""
        async with reading(url or self.primary.url, limits, database_read_url=self.read.url, **settings) as client:
            await until_told(client, "connected")
            yield client


async def until_told(client: httpx.AsyncClient, condition: str) -> None:
    """Return when the readiness of reading says so of the standby."""

    async def told() -> bool:
        found: str = (await client.get(READY)).json()["dependencies"]["standby"]
        return found == condition

    await until_true(told, f"the standby is {condition}")


async def store(client: httpx.AsyncClient) -> str:
    """Store a signal; its id."""
    answer = await client.post(SIGNALS, content=signal_body(), headers=JSON)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


def reads(result: str) -> float:
    """How many reads have ended so."""
    return figure("signals_standby_reads_total", result=result)
