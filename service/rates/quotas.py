"""The rates of producers, kept by all processes together."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from math import inf
from typing import Never

from service.http.errors import Overloaded
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.notation.rate import Rate
from service.postgres.pool import Pool
from service.rates.allowance import Allowance, Waiting
from service.rates.errors import RateLimited
from service.rates.exchange import Demand, Grant, exchange, forget_full


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that may pass; `alone` when the process decided that by itself."""

    allowance: Allowance
    alone: bool


class Quotas:
    """Lets the requests of producers pass, each within its rate, while `run` runs. `clock` never goes back.

    Where the database does not say in time what is left, since it is away or somebody has locked a quota, each process
    lets through a tenth of the rate by itself, and settles that later.
    """

    def __init__(self, pool: Pool, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._limits = limits
        self._clock = clock
        self._allowances: dict[str, Allowance] = {}
        self._wanted: dict[str, None] = {}
        self._borrowed: deque[tuple[float, str]] = deque()
        self._arrival = asyncio.Event()
        self._silent: set[str] = set()
        self._error: Exception | None = None

    async def admit(self, producer: str, rate: Rate) -> Admission:
        """Let a request of a producer pass; `end` must be called with what is returned.

        Raises RateLimited when it is beyond the rate, and Overloaded when nobody knows and the process has let through
        what it may by itself.
        """
        allowance = self._allowance(producer, rate)
        passes = allowance.take(self._clock())
        if passes is None:
            passes = await self._ask(allowance)
        if passes is None and not allowance.take_alone(self._clock()):
            raise Overloaded
        if passes is False:
            raise RateLimited(self.standing(producer, rate)[1])
        return Admission(allowance, alone=passes is None)

    def end(self, admission: Admission, *, stored: bool) -> None:
        """The request was answered. It counts when something was stored, or may have been."""
        allowance = admission.allowance
        if not stored:
            allowance.put_back(self._clock(), alone=admission.alone)
            return
        allowance.use(alone=admission.alone)
        if admission.alone:
            self._want(allowance.producer)

    def standing(self, producer: str, rate: Rate) -> tuple[int, int]:
        """How many more may pass now, and in how many whole seconds one more than these, as far as it is known here."""
        return self._allowance(producer, rate).standing(self._clock())

    @property
    def due_at(self) -> float:
        """When something may have to be settled, whether or not somebody waits."""
        return self._borrowed[0][0] if self._borrowed else inf

    async def run(self) -> Never:
        """Borrow tokens for those who wait, and settle what was borrowed, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self.due_at == inf else self.due_at - self._clock()):
                    await self._arrival.wait()
            try:
                await self.exchange()
            except Exception as error:
                self._error = error
                await asyncio.sleep(self._limits.retry_seconds)

    async def exchange(self) -> None:
        """Borrow for those who wait, and settle what is due: of many producers with one statement. Raises what the
        database does; then those who wait go on waiting."""
        now = self._clock()
        told = [(each, each.demand(now)) for each in self._take(now)]
        if not told:
            return
        metrics.rate_exchanges.inc()
        try:
            async with self._pool.connection() as connection:
                grants = await exchange(connection, [demand for _, demand in told], self._limits.token_seconds)
        except Exception:
            for each, _ in told:
                each.forget()
                self._want(each.producer)
            raise
        self._error = None
        for each, demand in told:
            self._settle(each, demand, grants.get(each.producer), now)

    async def tidy(self) -> None:
        """Forget producers that send nothing, here and in the database, and count those that send too much."""
        now = self._clock()
        metrics.producers_limited.set(sum(each.dry(now) for each in self._allowances.values()))
        for each in [*self._allowances.values()]:
            if each.idle(now):
                del self._allowances[each.producer]
        await self._pool.commit(forget_full)

    async def _ask(self, allowance: Allowance) -> bool | None:
        """Let the database say whether a request may pass; None when it does not in time, or did not the last time."""
        self._want(allowance.producer)
        passes = await self._answer(allowance) if allowance.answered else None
        if passes is None:
            metrics.rate_unanswered.inc()
            self._miss(allowance)
        return passes

    async def _answer(self, allowance: Allowance) -> bool | None:
        loop = asyncio.get_running_loop()
        waiting: Waiting = loop.create_future()
        allowance.waiting.append(waiting)
        expiry = loop.call_later(self._limits.quota_answer_seconds, _give_up, waiting)
        try:
            return await waiting
        finally:
            expiry.cancel()

    def _miss(self, allowance: Allowance) -> None:
        """Tell of it once, until everybody has an answer again."""
        allowance.answered = False
        if not self._silent:
            log.warning("Rates are kept without the database", exception=self._error)
        self._silent.add(allowance.producer)

    def _allowance(self, producer: str, rate: Rate) -> Allowance:
        allowance = self._allowances.get(producer)
        if allowance is None:
            allowance = self._allowances[producer] = Allowance(producer, rate, self._limits.token_seconds)
        if allowance.rate != rate:
            allowance.change(rate)
        return allowance

    def _want(self, producer: str) -> None:
        self._wanted[producer] = None
        self._arrival.set()

    def _take(self, now: float) -> list[Allowance]:
        """Those for whom something is wanted or due, as many as one statement may settle."""
        while self.due_at <= now:
            allowance = self._allowances.get(self._borrowed.popleft()[1])
            if allowance is not None and allowance.settle_at <= now:
                self._wanted[allowance.producer] = None
        taken = list(islice(self._wanted, self._limits.batch_rows))
        for producer in taken:
            del self._wanted[producer]
        if not self._wanted:
            self._arrival.clear()
        return [self._allowances[producer] for producer in taken if producer in self._allowances]

    def _settle(self, allowance: Allowance, told: Demand, grant: Grant | None, asked_at: float) -> None:
        if grant is None:
            allowance.leave(told)
            pause = self._limits.quota_retry_seconds if allowance.answered else self._limits.retry_seconds
            asyncio.get_running_loop().call_later(pause, self._want, allowance.producer)
            return
        allowance.settle(told, grant, asked_at)
        self._silent.discard(allowance.producer)
        if allowance.waiting:
            self._want(allowance.producer)
        if allowance.settle_at < inf:
            self._borrowed.append((allowance.settle_at, allowance.producer))


def _give_up(waiting: Waiting) -> None:
    if not waiting.done():
        waiting.set_result(None)
