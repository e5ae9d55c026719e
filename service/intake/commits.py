"""Batches of signals, committed; and what is done when that fails."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from uuid import UUID

import asyncpg

from service.http.errors import ValidationFailed
from service.intake.journal import Journal
from service.intake.queue import Queue, Waiting
from service.intake.storing import store
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool
from service.postgres.rehearsal import rehearse
from service.receipts.faults import UNSTORABLE, Blame, Faults, blame, kind, leaves_open
from service.receipts.settlement import Outcome
from service.receipts.statement import NewSignal, Stored, find


@dataclass(slots=True)
class _Course:
    """What has been learned since a batch was begun, from it alone: what was stored beside it may have been sent before
    there was trouble."""

    stored: bool = False
    """Whether something could be stored, so that a fault lies in what could not."""


class Commits:
    """Stores batches, each with one statement and one commit. Several may be under way.

    A signal that cannot be stored must not hurt its neighbours: a batch that fails is halved until it stands alone,
    unless nothing else can be stored either. A batch that takes too long is put back, and the next ones are smaller.
    """

    def __init__(
        self, pool: Pool, limits: Limits, journal: Journal, queue: Queue, on_stored: Callable[[], None]
    ) -> None:
        self.rows = limits.batch_rows
        """How many signals the next batch may have."""
        self._pool = pool
        self._limits = limits
        self._journal = journal
        self._queue = queue
        self._on_stored = on_stored
        self._under_way: list[Sequence[Waiting]] = []
        self._uncertain: dict[Waiting, float] = {}
        self._faults = Faults()

    @property
    def failing(self) -> bool:
        """Whether nothing can be stored, for a reason that lies in no signal. Only a commit sent later ends that."""
        return bool(self._faults)

    async def commit(self, batch: Sequence[Waiting]) -> None:
        """Give every signal of the batch its outcome, or put it back into the queue."""
        self._under_way.append(batch)
        try:
            await self._settle(batch, _Course())
        finally:
            self._under_way.remove(batch)

    async def rehearse(self) -> bool:
        """Whether a signal could be stored now: one of the service's own is, but for good."""
        started = time.monotonic()
        try:
            await self._pool.commit(rehearse)
        except Exception as error:
            self._fail(error, rows=0)
            return False
        self._succeed(1, started)
        return True

    async def inquire(self) -> None:
        """Tell of signals that were stored although their requests were answered before anybody knew.

        They are asked for until the server must be done with the statement that was to store them. They are few,
        since each attempt that leaves some behind makes the next one smaller.
        """
        if self.failing or not self._uncertain:
            return
        asked = time.monotonic()
        found = await self._pool.commit(partial(find, signals={each.id: each.signal for each in self._uncertain}))
        for each, settled in list(self._uncertain.items()):
            if each.id in found:
                self._journal.late(each.signal, found[each.id], each.request_id, each.trace)
            if each.id in found or settled < asked:
                del self._uncertain[each]

    async def _settle(self, batch: Sequence[Waiting], course: _Course) -> None:
        error = await self._attempt(batch, course)
        if error is not None:
            await self._cope(batch, error, course)

    async def _attempt(self, batch: Sequence[Waiting], course: _Course) -> Exception | None:
        """Store those that wait; the error when that fails."""
        unsettled = {each.id: each for each in self._still_waiting(batch)}
        if not unsettled:
            return None
        sent = False
        started = time.monotonic()

        async def work(connection: asyncpg.Connection) -> dict[UUID, Outcome]:
            nonlocal sent
            sent = True
            return await store(connection, unsettled)

        try:
            known = await self._pool.commit(work)
        except Exception as error:
            for each in unsettled.values():
                each.held = False
                each.uncertain = each.uncertain or (sent and leaves_open(error))
            self._journal.failed(unsettled.values(), time.monotonic() - started, error)
            return error
        seconds = time.monotonic() - started
        self._journal.committed(unsettled.values(), seconds)
        written = self._tell(unsettled, known, started)
        course.stored = course.stored or written > 0
        if written >= self.rows and seconds < self._limits.statement_seconds / 3:
            self.rows = min(2 * self.rows, self._limits.batch_rows)
        return None

    def _still_waiting(self, batch: Sequence[Waiting]) -> list[Waiting]:
        for each in batch:
            if each.uncertain and each.answered:
                each.uncertain = False
                each.signal = each.signal._replace(payload=None)
                self._uncertain[each] = time.monotonic() + self._limits.uncertain_seconds
        return [each for each in batch if not each.answered]

    def _tell(self, unsettled: dict[UUID, Waiting], outcomes: Mapping[UUID, Outcome], started: float) -> int:
        """How many were written, now or by an attempt whose answer was lost."""
        written = 0
        for id, outcome in outcomes.items():
            if outcome is unsettled[id].refusal and self._comes(unsettled[id].signal):
                continue
            waiting = unsettled.pop(id)
            waiting.uncertain = False
            if not isinstance(outcome, Stored):
                waiting.refuse(outcome)
                continue
            if waiting.answered:
                self._journal.late(waiting.signal, outcome, waiting.request_id, waiting.trace)
            waiting.resolve(outcome)
            written += outcome.new
        self._wait_for_others([*unsettled.values()])
        self._succeed(written, started)
        return written

    def _comes(self, sought: NewSignal) -> bool:
        """Whether an earlier request that claims the same is in hand: it is not too late to find it."""
        keys = {claim.key for claim in sought.claims}
        return any(
            each.refusal is None and not keys.isdisjoint(claim.key for claim in each.signal.claims)
            for each in chain(self._queue, *self._under_way)
        )

    def _wait_for_others(self, held: Sequence[Waiting]) -> None:
        """Try again, in a while, what was neither written nor found, or not yet: somebody else is about to store the
        same, or has just done so; or its receipt was forgotten in between."""
        for each in held:
            each.held = True
        if held:
            asyncio.get_running_loop().call_later(self._limits.held_seconds, self._queue.put_back, held)

    async def _cope(self, batch: Sequence[Waiting], error: Exception, course: _Course) -> None:
        where = blame(error)
        if where is Blame.OPEN and course.stored:
            where = Blame.SIGNAL
        elif where is Blame.OPEN and error in self._faults:
            where = Blame.SERVICE
        match where:
            case Blame.SIGNAL if len(batch) == 1:
                log.error("Database write failed", rows=1, exception=error)
                batch[0].refuse(ValidationFailed([UNSTORABLE]) if blame(error) is Blame.SIGNAL else InternalError)
            case Blame.SIGNAL | Blame.OPEN if len(batch) > 1:
                await self._divide(batch, course)
            case Blame.OPEN if await self.rehearse():
                course.stored = True
                await self._settle(batch, course)
            case _:
                await self._put_back(batch, error)

    async def _divide(self, batch: Sequence[Waiting], course: _Course) -> None:
        middle = len(batch) // 2
        halves = batch[:middle], batch[middle:]
        first, second = [await self._attempt(half, course) for half in halves]
        if first and second and not course.stored and kind(first) == kind(second) and blame(first) is not Blame.SIGNAL:
            await self._put_back(batch, first)
            return
        for half, error in zip(halves, (first, second), strict=True):
            if error is not None:
                await self._cope(half, error, course)

    async def _put_back(self, batch: Sequence[Waiting], error: Exception) -> None:
        """The next batch has a quarter of what took too long: of half, less than half would be done in the time that
        their requests have left."""
        self._fail(error, len(batch))
        if blame(error) is Blame.SIZE:
            self.rows = max(1, len(batch) // 4)
        self._queue.put_back(batch)
        await asyncio.sleep(self._limits.retry_seconds)

    def _fail(self, error: Exception, rows: int) -> None:
        """Each reason is told once, until something is stored again."""
        if self._faults.note(error):
            log.error("Database write failed", rows=rows, exception=error)

    def _succeed(self, written: int, started: float) -> None:
        if written:
            self._on_stored()
            self._faults.end(started)
