"""The one way in: signals that arrive together share one statement and one commit.

A request hands its row to the writer and waits for its own outcome. The writer takes all that is waiting, up to a
bound, and stores it with one statement. There is no timer: a lone request goes at once, load makes the batches.

What is done about a commit whose outcome is unknown: the batch is sent again. Ids are made here and receipts are
keyed by MAC, so a row that did get in the first time is found instead of doubled.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import asyncpg

from service import database
from service.errors import FieldFault, InternalError, Overloaded, Refusal, ShuttingDown, ValidationFailed
from service.logs import log
from service.storage import NewSignal, Row, Stored, insert, recall

ANSWER_SECONDS = 4.5
"""After this long a request is answered 500, whatever the database does: the contract allows five seconds."""

BATCH_ROWS = 256
BATCH_BYTES = 4 * 1024 * 1024
RETRY_SECONDS = 0.1
PRUNE_SECONDS = 60.0
PRUNE_ROWS = 10_000
RECEIPT_SECONDS = 900
"""How long a receipt is kept. A request passes for at most 601 seconds (a timestamp 300 seconds ahead, until it is
300 old); the rest allows for the clocks of services and database to differ."""

_PRUNE = """
DELETE FROM receipts WHERE key IN (
    SELECT key FROM receipts WHERE created_at < now() - make_interval(secs => $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""

_ROW_FAULTS = {"22", "23", "54", "XX"}
"""SQLSTATE classes that blame a row: data exception, integrity violation, limit exceeded, internal error. All others
are about the connection or the server, and the same statement may succeed a moment later."""


class Ingest:
    """Stores signals while it is entered as an asynchronous context manager."""

    def __init__(self, *, queue_limit: int) -> None:
        self._queue_limit = queue_limit
        self._unanswered = 0
        self._closing = False
        self._failing = False
        self._waiting: deque[Row] = deque()
        self._arrival = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(_prune())]
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
        """Store a signal; returns after its commit is on disk, within 4.5 seconds.

        Raises Overloaded when too many signals are waiting, ShuttingDown after `close`, ValidationFailed when
        PostgreSQL cannot hold the payload, and InternalError when the database did not confirm in time: then the
        outcome is unknown, and the same signed request may be sent again without making a double.
        """
        if self._closing:
            raise ShuttingDown
        if self._unanswered >= self._queue_limit:
            raise Overloaded
        loop = asyncio.get_running_loop()
        row = Row(signal, loop.create_future())
        expiry = loop.call_later(ANSWER_SECONDS, row.refuse, InternalError)
        self._waiting.append(row)
        self._arrival.set()
        self._unanswered += 1
        try:
            return await row.outcome
        finally:
            expiry.cancel()
            self._unanswered -= 1

    async def recall(self, receipt_key: bytes) -> Stored | None:
        """The signal that the request with this MAC became earlier, if it did.

        Raises InternalError when the database does not say so in time.
        """
        try:
            return await recall(receipt_key)
        except Exception as error:
            log.error("Database read failed", exception=error)
            raise InternalError from None

    async def _write(self) -> None:
        while True:
            await self._arrival.wait()
            batch = self._take()
            if batch:
                await self._commit(batch)
            else:
                self._arrival.clear()

    def _take(self) -> list[Row]:
        batch: list[Row] = []
        size = 0
        while self._waiting and len(batch) < BATCH_ROWS and size < BATCH_BYTES:
            row = self._waiting.popleft()
            batch.append(row)
            size += len(row.signal.body or b"")
        return batch

    async def _commit(self, batch: Sequence[Row]) -> None:
        """Give every row of the batch its outcome, unless its request has been answered meanwhile."""
        reported = False
        while batch := _unanswered(batch):
            try:
                await insert(batch)
                self._failing = False
            except Exception as error:
                if isinstance(error, asyncpg.PostgresError) and error.sqlstate[:2] in _ROW_FAULTS:
                    await self._split(batch, error)
                    return
                self._failing = reported = reported or _report(error, batch)
            if _unanswered(batch):
                await asyncio.sleep(RETRY_SECONDS)
        self._failing = self._failing and bool(self._waiting)

    async def _split(self, batch: Sequence[Row], error: asyncpg.PostgresError) -> None:
        """One row of the batch is refused: halve until it stands alone, so that its neighbours are stored."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._commit(batch[:middle])
            await self._commit(batch[middle:])
            return
        _report(error, batch)
        batch[0].refuse(_refusal(error))


def _unanswered(batch: Sequence[Row]) -> list[Row]:
    return [row for row in batch if not row.outcome.done()]


def _report(error: Exception, batch: Sequence[Row]) -> bool:
    log.error("Database write failed", rows=len(batch), exception=error)
    return True


def _refusal(error: asyncpg.PostgresError) -> Refusal:
    if error.sqlstate.startswith("22"):
        fault = FieldFault(loc=["body", "payload"], msg="Input cannot be stored as jsonb", type="value_error")
        return ValidationFailed([fault])
    return InternalError()


async def _prune() -> None:
    """Forget receipts whose requests can no longer pass the window. Many processes may do so at once."""
    while True:
        with suppress(Exception):
            while await _prune_some() == PRUNE_ROWS:
                pass
        await asyncio.sleep(PRUNE_SECONDS)


async def _prune_some() -> int:
    async with asyncio.timeout(database.COMMAND_SECONDS), database.connection() as connection:
        answer: str = await connection.execute(_PRUNE, RECEIPT_SECONDS, PRUNE_ROWS)
    return int(answer.removeprefix("DELETE "))
