"""Signals that wait for the writer, each with the outcome that its request waits for."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from uuid import UUID

from service.http.errors import Overloaded
from service.kernel.errors import InternalError, Refusal
from service.kernel.tracing import Trace
from service.receipts.identifiers import new_id
from service.receipts.statement import NewSignal, Stored


@dataclass(slots=True, eq=False)
class Waiting:
    """A signal on its way, with the id that it will have, and the outcome that its request waits for.

    One with a `refusal` is not to be stored, only looked for; that is its outcome when it is not found.
    """

    signal: NewSignal
    outcome: asyncio.Future[Stored]
    request_id: str | None
    refusal: Refusal | None = None
    trace: Trace | None = None
    uncertain: bool = False
    """Whether the database was asked to store it and never said whether it did."""
    held: bool = False
    """Whether somebody else was about to store the same when it was last tried."""
    id: UUID = field(default_factory=new_id)

    @property
    def answered(self) -> bool:
        """Whether its request waits no longer."""
        return self.outcome.done()

    def resolve(self, stored: Stored) -> None:
        """Tell the request, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_result(stored)

    def expire(self) -> None:
        """Tell the request that there was no time, and whether it may be stored all the same."""
        self.refuse(Overloaded if self.held and not self.uncertain else InternalError)

    def refuse(self, refusal: Refusal | type[Refusal]) -> None:
        """Tell the request that it is refused, unless it has been answered already."""
        if not self.outcome.done():
            self.outcome.set_exception(refusal)


class Queue:
    """Who waits, the oldest first; abundant while their payloads have `abundant_bytes` together."""

    def __init__(self, abundant_bytes: int) -> None:
        self._waiting: deque[Waiting] = deque()
        self._abundant_bytes = abundant_bytes
        self._bytes = 0
        self._arrival = asyncio.Event()
        self._abundance = asyncio.Event()

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._waiting)

    def put(self, waiting: Waiting) -> None:
        """Add one at the end."""
        self._waiting.append(waiting)
        self._look(waiting.signal.size)

    def put_back(self, batch: Sequence[Waiting]) -> None:
        """Return what was taken to its place in the order of arrival, in which ids are made."""
        self._waiting = deque(sorted([*batch, *self._waiting], key=attrgetter("id")))
        self._look(sum(each.signal.size for each in batch))

    async def arrival(self, seconds: float | None) -> None:
        """Return when somebody waits, or after so many seconds."""
        if seconds is None:  # as nearly always, and on the way of each lone signal
            await self._arrival.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._arrival.wait()

    async def abundance(self) -> None:
        """Return when much waits."""
        await self._abundance.wait()

    def take(self, rows: int, size: int) -> list[Waiting]:
        """The oldest: at most `rows` of them, and none after their payloads have come to `size` bytes."""
        batch: list[Waiting] = []
        taken = 0
        while self._waiting and len(batch) < rows and taken < size:
            waiting = self._waiting.popleft()
            batch.append(waiting)
            taken += waiting.signal.size
        self._look(-taken)
        return batch

    def _look(self, more: int) -> None:
        self._bytes += more
        _show(self._arrival, bool(self._waiting))
        _show(self._abundance, bool(self._waiting) and self._bytes >= self._abundant_bytes)


def _show(event: asyncio.Event, holds: bool) -> None:
    event.set() if holds else event.clear()
