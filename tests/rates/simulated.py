"""Processes that keep rates together on a real database, in a time that passes only when a test says so."""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from service.kernel.limits import Limits
from service.notation.rate import Rate
from service.postgres.pool import Pool
from service.rates.errors import RateLimited
from service.rates.quotas import Quotas
from tests.running.postgres import Database

PRODUCER = "alpha"
LIMITS = Limits(quota_answer_seconds=60)
"""Seconds of the test itself do not count."""

_CLOCK = """
CREATE SCHEMA simulated;
CREATE TABLE simulated.clock (now timestamptz NOT NULL);
INSERT INTO simulated.clock VALUES ('2026-01-31T12:00:00Z');
CREATE FUNCTION simulated.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now FROM simulated.clock';
"""
_SHOW = "UPDATE simulated.clock SET now = '2026-01-31T12:00:00Z'::timestamptz + make_interval(secs => $1)"


class Process:
    """One process of the service; its own clock may show something else than that of the database."""

    def __init__(self, pool: Pool, simulation: "Simulation", ahead: float) -> None:
        self._pool = pool
        self._simulation = simulation
        self.ahead = ahead
        self.restart()

    def now(self) -> float:
        """What the clock of the process shows."""
        return self._simulation.now + self.ahead

    def restart(self) -> None:
        """Forget everything, as after a kill."""
        self.quotas = Quotas(self._pool, LIMITS, self.now)

    @property
    def due_at(self) -> float:
        """When it has to settle something, in the time of the simulation."""
        return self.quotas.due_at - self.ahead

    async def settle(self) -> None:
        """Exchange what there is with the database."""
        await self._simulation.show_time()
        await self.quotas.exchange()

    async def asks(self, rate: Rate, *, stored: bool = True) -> bool:
        """Whether a request passes that is stored afterwards, or is not."""
        request = asyncio.ensure_future(self.quotas.admit(PRODUCER, rate))
        await asyncio.sleep(0)
        while not request.done():
            await self.settle()
            await asyncio.sleep(0)
        try:
            self.quotas.end(request.result(), stored=stored)
        except RateLimited:
            return False
        return True


@dataclass
class Simulation:
    """A database and its processes, `now` seconds after the beginning."""

    connection: Any
    now: float = 0.0
    database_ahead: float = 0.0
    processes: list[Process] = field(default_factory=list)
    _shown: float = 0.0

    async def pass_until(self, moment: float) -> None:
        """Let time pass, and processes settle what comes due."""
        while (due := min(self.processes, key=lambda each: each.due_at)).due_at <= moment:
            self.now = max(due.due_at, self.now)
            await due.settle()
        self.now = moment

    async def show_time(self) -> None:
        """Set the clock of the database; it is looked at only where something is settled."""
        if self._shown != self.now + self.database_ahead:
            self._shown = self.now + self.database_ahead
            await self.connection.execute(_SHOW, self._shown)


@asynccontextmanager
async def simulation(database: Database, *ahead: float) -> AsyncIterator[Simulation]:
    """A simulation with a process for each clock, and how far that is ahead."""
    connection = await asyncpg.connect(database.url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(_CLOCK)
    # What is asked for the time finds this clock before that of the server.
    await connection.execute(f"ALTER DATABASE {name} SET search_path = simulated, pg_catalog, public")
    await connection.execute("SET search_path = simulated, pg_catalog, public")
    simulated = Simulation(connection)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        for each in ahead or (0.0, 0.0):
            pool = await stack.enter_async_context(Pool(database.url, LIMITS, size=2))
            simulated.processes.append(Process(pool, simulated, each))
        yield simulated


def most_within(moments: Sequence[float], seconds: float) -> int:
    """How many of these ascending moments lie within any window of so many seconds."""
    return max(bisect_left(moments, start + seconds) - number for number, start in enumerate(moments))


def allowed(rate: Rate) -> tuple[float, float]:
    """The window of the promise in seconds, ten at least and ten intervals at least, and how many may pass in it."""
    window = 10.0 * rate.seconds
    regular = window / rate.each_seconds
    return window, max(1.1 * regular, regular + 1)
