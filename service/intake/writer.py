"""The one way in: signals that arrive together share one statement and one commit.

A request hands its signal to the writer and waits for its own outcome. The writer takes all that is waiting, up to a
bound, and stores it with one statement. There is no timer: a lone request goes at once, load makes the batches.

What is done about a commit whose outcome is unknown: the batch is sent again. Ids are made here and receipts are
keyed by MAC, so a signal that did get in the first time is found instead of doubled.
"""

import asyncio
from collections.abc import Callable
from typing import Never

from service.http.errors import Overloaded, ShuttingDown
from service.intake.commits import Commits
from service.intake.journal import Journal
from service.intake.queue import Queue, Waiting
from service.kernel import metrics
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.kernel.logs import request_id
from service.kernel.tracing import trace
from service.postgres.pool import Pool
from service.receipts.statement import NewSignal, Stored, sought


class Writer:
    """Stores signals while `run` runs, large ones faster with `run_second` beside it. `on_stored` is called after each
    commit that has stored some."""

    def __init__(
        self,
        pool: Pool,
        limits: Limits,
        journal: Journal,
        *,
        queue_limit: int,
        on_stored: Callable[[], None] = lambda: None,
    ) -> None:
        self._limits = limits
        self._queue_limit = queue_limit
        self._queue = Queue(limits.second_bytes)
        self._commits = Commits(pool, limits, journal, self._queue, on_stored)
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._closing = False

    def failing(self) -> bool:
        """Whether nothing could be stored when it was last tried, for a reason that lay in no signal."""
        return self._commits.failing

    def close(self) -> None:
        """Refuse new signals from now on; those that were handed over are still stored."""
        self._closing = True

    async def store(self, signal: NewSignal, refusal: Refusal | None = None) -> Stored:
        """Store a signal; returns after its commit is on disk, within `answer_seconds`. With a `refusal` it is only
        looked whether this very request was stored before, or is about to be: if not, that is raised.

        Raises Overloaded when too many signals are waiting or too many bytes of them, or when somebody else did not say
        in time whether the same is stored; ShuttingDown after `close`, IdempotencyMismatch, DuplicateSignal,
        ValidationFailed when PostgreSQL cannot hold the payload, and InternalError when the database did not confirm in
        time: then the outcome is unknown, and the same signed request may be sent again without making a double.
        """
        if self._closing:
            raise ShuttingDown
        size = signal.size
        if self._unanswered >= self._queue_limit or self._unanswered_bytes + size > self._limits.queue_bytes:
            raise Overloaded
        loop = asyncio.get_running_loop()
        waiting = Waiting(signal, loop.create_future(), request_id.get(), refusal, trace.get())
        if waiting.trace is not None:
            waiting.trace.wait()
        expiry = loop.call_later(self._limits.answer_seconds, waiting.expire)
        self._queue.put(waiting)
        self._unanswered += 1
        self._unanswered_bytes += size
        try:
            return await waiting.outcome
        finally:
            expiry.cancel()
            self._unanswered -= 1
            self._unanswered_bytes -= size

    def show(self) -> None:
        """Put into the metrics what is waiting now."""
        metrics.queue_rows.set(self._unanswered)
        metrics.queue_bytes.set(self._unanswered_bytes)

    async def require(self, receipt_key: bytes, refusal: Refusal) -> None:
        """Raise `refusal` unless the request with this MAC was stored before, or is about to be. Raises what `store`
        raises besides."""
        await self.store(sought(receipt_key), refusal)

    async def run(self) -> Never:
        """Store what comes, for ever. While nothing can be stored and nobody waits, try whether something can."""
        while True:
            await self._queue.arrival(self._limits.rehearsal_seconds if self.failing() else None)
            batch = self._take()
            if batch:
                await self._commits.commit(batch)
            elif self.failing():
                await self._commits.rehearse()

    async def run_second(self) -> Never:
        """Store beside `run`, for ever, when much waits and something can be stored. Large payloads keep PostgreSQL
        busy for longer than the service: with one commit after the other, each would wait for the other."""
        while True:
            await self._queue.abundance()
            if self.failing():
                await asyncio.sleep(self._limits.retry_seconds)
            else:
                await self._commits.commit(self._take())

    def _take(self) -> list[Waiting]:
        return self._queue.take(self._commits.rows, self._limits.batch_bytes)

    async def inquire(self) -> None:
        """Find out about signals that may have been stored after their requests were answered."""
        await self._commits.inquire()
