"""The one way in: signals that arrive together share one statement and one commit.

A request hands its signal to the writer and waits for its own outcome. The writer takes all that is waiting, up to a
bound, and stores it with one statement. There is no timer: a lone request goes at once, load makes the batches.

What is done about a commit whose outcome is unknown: the batch is sent again. Ids are made here and receipts are
keyed by MAC, so a signal that did get in the first time is found instead of doubled.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from service.http.errors import Overloaded, ShuttingDown
from service.intake.errors import ValidationFailed
from service.intake.receipts import Receipts
from service.intake.statement import NewSignal, Stored, store
from service.kernel.errors import FieldFault, InternalError, Refusal
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool

_ROW_FAULTS = {"22", "23", "54", "XX"}
"""SQLSTATE classes that blame a row: data exception, integrity violation, limit exceeded, internal error. All others
are about the connection or the server, and the same statement may succeed a moment later."""


@dataclass(slots=True)
class Waiting:
    """A signal on its way, with the id that it will have, and the outcome that its request waits for."""

    signal: NewSignal
    outcome: asyncio.Future[Stored]
    id: UUID = field(default_factory=uuid7)

    def resolve(self, stored: Stored) -> None:
        """Tell the request, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_result(stored)

    def refuse(self, refusal: Refusal | type[Refusal]) -> None:
        """Tell the request that it is refused, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_exception(refusal)


class Writer:
    """Stores signals while it is entered as an asynchronous context manager."""

    def __init__(self, pool: Pool, limits: Limits, *, queue_limit: int) -> None:
        self.receipts = Receipts(pool, limits)
        self._pool = pool
        self._limits = limits
        self._queue_limit = queue_limit
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._closing = False
        self._failing = False
        self._queue: deque[Waiting] = deque()
        self._arrival = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self.receipts.prune())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def failing(self) -> bool:
        """Whether the latest attempt to store signals failed for another reason than the signals themselves."""
        return self._failing

    def close(self) -> None:
        """Refuse new signals from now on; those that were handed over are still stored."""
        self._closing = True

    async def store(self, signal: NewSignal) -> Stored:
        """Store a signal; returns after its commit is on disk, within `answer_seconds`.

        Raises Overloaded when too many signals are waiting or too many bytes of them, ShuttingDown after `close`,
        ValidationFailed when PostgreSQL cannot hold the payload, and InternalError when the database did not confirm in
        time: then the outcome is unknown, and the same signed request may be sent again without making a double.
        """
        if self._closing:
            raise ShuttingDown
        size = len(signal.body or b"")
        if self._unanswered >= self._queue_limit or self._unanswered_bytes + size > self._limits.queue_bytes:
            raise Overloaded
        loop = asyncio.get_running_loop()
        waiting = Waiting(signal, loop.create_future())
        expiry = loop.call_later(self._limits.answer_seconds, waiting.refuse, InternalError)
        self._queue.append(waiting)
        self._arrival.set()
        self._unanswered += 1
        self._unanswered_bytes += size
        try:
            return await waiting.outcome
        finally:
            expiry.cancel()
            self._unanswered -= 1
            self._unanswered_bytes -= size

    async def _write(self) -> None:
        while True:
            await self._arrival.wait()
            batch = self._take()
            if batch:
                await self._commit(batch)
            else:
                self._arrival.clear()

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < self._limits.batch_rows and size < self._limits.batch_bytes:
            waiting = self._queue.popleft()
            batch.append(waiting)
            size += len(waiting.signal.body or b"")
        return batch

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        """Give every signal of the batch its outcome, unless its request has been answered meanwhile."""
        reported = False
        while batch := _unanswered(batch):
            try:
                await self._insert(batch)
                self._failing = False
            except Exception as error:
                if isinstance(error, asyncpg.PostgresError) and error.sqlstate[:2] in _ROW_FAULTS:
                    await self._split(batch, error)
                    return
                if not reported:
                    log.error("Database write failed", rows=len(batch), exception=error)
                self._failing = reported = True
            if _unanswered(batch):
                await asyncio.sleep(self._limits.retry_seconds)

    async def _insert(self, batch: Sequence[Waiting]) -> None:
        by_id = {waiting.id: waiting for waiting in batch}
        for id, stored in (await self._pool.commit(partial(store, signals=_signals(by_id)))).items():
            by_id[id].resolve(stored)

    async def _split(self, batch: Sequence[Waiting], error: asyncpg.PostgresError) -> None:
        """A signal of the batch is refused: halve until it stands alone, so that its neighbours are stored."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
            return
        log.error("Database write failed", rows=1, exception=error)
        batch[0].refuse(_refusal(error))


def _unanswered(batch: Sequence[Waiting]) -> list[Waiting]:
    return [waiting for waiting in batch if not waiting.outcome.done()]


def _signals(waiting: Mapping[UUID, Waiting]) -> dict[UUID, NewSignal]:
    return {id: each.signal for id, each in waiting.items()}


def _refusal(error: asyncpg.PostgresError) -> Refusal:
    if error.sqlstate.startswith("22"):
        fault = FieldFault(loc=["body", "payload"], msg="Input cannot be stored as jsonb", type="value_error")
        return ValidationFailed([fault])
    return InternalError()
