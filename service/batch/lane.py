"""Batches on their way to the database, beside the single signals, which do not wait for them.

Each has a transaction of its own, so that one that takes long is nobody else's affair. What is done about a commit
whose outcome is unknown: it is tried again. Ids are made before, and receipts name them, so that what did get in is
found.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

import asyncpg

from service.batch.culprits import culprits
from service.batch.items import Item, at_place
from service.batch.statement import Batch, Outcomes, has_stored, store
from service.http.errors import Overloaded, ShuttingDown, ValidationFailed
from service.intake.journal import Journal
from service.kernel.errors import InternalError, Refusal
from service.kernel.limits import Limits
from service.kernel.logs import log, request_id
from service.postgres.pool import Pool
from service.receipts.faults import UNSTORABLE, Blame, blame, leaves_open, waited_for_a_lock
from service.receipts.statement import NewSignal, find


class Lane:
    """Stores batches, a few at once. `on_stored` is called after each commit that has stored some."""

    def __init__(
        self, pool: Pool, limits: Limits, journal: Journal, *, on_stored: Callable[[], None] = lambda: None
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._journal = journal
        self._on_stored = on_stored
        self._places = asyncio.Semaphore(limits.batches_at_once)
        self._unanswered = 0
        self._closing = False
        self._uncertain: dict[Batch, tuple[float, str | None]] = {}

    def close(self) -> None:
        """Refuse new batches from now on; those that were handed over are still stored."""
        self._closing = True

    async def store(self, batch: Batch) -> Outcomes:
        """What became of each item; returns after the commit is on disk, within `answer_seconds`.

        Raises Overloaded when too many batches are waiting, or when somebody else did not say in time whether something
        of this one is stored; ShuttingDown after `close`, IdempotencyMismatch, and InternalError when the database did
        not confirm in time: then the outcome is unknown, and the same request may be sent again: it makes no double.
        """
        if self._closing:
            raise ShuttingDown
        if self._unanswered >= self._limits.batches_waiting:
            raise Overloaded
        attempts = _Attempts(self._pool, self._limits, self._places, batch)
        self._unanswered += 1
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                outcomes = await attempts.settle()
        except TimeoutError:
            if not attempts.uncertain:
                raise (Overloaded if attempts.held else InternalError) from None
            self._uncertain[batch] = time.monotonic() + self._limits.uncertain_seconds, request_id.get()
            raise InternalError from None
        finally:
            self._unanswered -= 1
        if has_stored(outcomes):
            self._on_stored()
        return outcomes

    async def inquire(self) -> None:
        """Tell of signals that were stored although their requests were answered before anybody knew."""
        for batch, (until, request) in list(self._uncertain.items()):
            asked = time.monotonic()
            signals = {item.id: item.signal for item in batch.items if item.signal is not None}
            found = await self._pool.commit(partial(find, signals=signals))
            for id, stored in found.items():
                self._journal.late(signals[id], stored, request)
            if found or until < asked:
                del self._uncertain[batch]


class _Attempts:
    """The attempts to store one batch, until one succeeds or the time is up."""

    def __init__(self, pool: Pool, limits: Limits, places: asyncio.Semaphore, batch: Batch) -> None:
        self.held = False
        """Whether the last attempt ended because somebody else was about to store something of it."""
        self.uncertain = False
        """Whether an attempt may have stored it that was not answered."""
        self._pool = pool
        self._limits = limits
        self._places = places
        self._batch = batch
        self._told = False

    async def settle(self) -> Outcomes:
        while True:
            async with self._places:
                outcomes = await self._attempt()
            if isinstance(outcomes, Refusal):
                raise outcomes
            if outcomes is not None:
                return outcomes
            await asyncio.sleep(self._limits.held_seconds if self.held else self._limits.retry_seconds)

    async def _attempt(self) -> Outcomes | Refusal | None:
        outcomes: Outcomes | Refusal | None = None
        self._batch.attempt += 1
        self._batch.committing = False

        async def work(connection: asyncpg.Connection) -> bool:
            nonlocal outcomes
            outcomes = await store(connection, self._batch)
            return has_stored(outcomes)

        try:
            await self._pool.commit(work)
        except asyncio.CancelledError:
            self._batch.attempt += 1
            self.uncertain = self.uncertain or self._batch.committing
            raise
        except Exception as error:
            self.uncertain = self.uncertain or (self._batch.committing and leaves_open(error))
            await self._cope(error)
            return None
        self.held = outcomes is None
        return outcomes

    async def _cope(self, error: Exception) -> None:
        """Refuse those signals that cannot be stored, where others can. Otherwise it is tried again."""
        self.held = waited_for_a_lock(error)
        if not self._told:
            log.error("Database write failed", rows=len(self._batch.items), exception=error)
        self._told = True
        if blame(error) not in {Blame.SIGNAL, Blame.OPEN}:
            return
        good = {item.id: item for item in self._batch.items if item.signal and not item.refusal}
        found = await self._culprits({id: item.signal for id, item in good.items() if item.signal})
        if len(found) < len(good) or blame(error) is Blame.SIGNAL:
            for id, reason in found.items():
                self._refuse(good[id], reason)

    async def _culprits(self, signals: Mapping[UUID, NewSignal]) -> Mapping[UUID, Exception]:
        """Those that cannot be stored; none, where it cannot be told."""
        found: Mapping[UUID, Exception] = {}

        async def work(connection: asyncpg.Connection) -> None:
            nonlocal found
            found = await culprits(connection, signals)

        try:
            await self._pool.commit(work)
        except Exception as error:
            log.debug("Signals could not be tried", exception=error)
        return found

    def _refuse(self, item: Item, reason: Exception) -> None:
        """By its own fault, or by one that nobody knows."""
        place = self._batch.items.index(item)
        unstorable = blame(reason) is Blame.SIGNAL
        item.refusal = at_place(ValidationFailed([UNSTORABLE]), place) if unstorable else InternalError()
