"""The endpoint that takes many signals at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from operator import attrgetter
from typing import TypeVar

import orjson
from starlette.types import Receive, Scope, Send

from service.batch.envelope import open_envelope
from service.batch.errors import BatchRefused
from service.batch.items import Item, Items
from service.batch.lane import Lane
from service.batch.results import results_of
from service.batch.statement import Batch, Outcomes
from service.http.answers import tell_refused
from service.intake.journal import Journal
from service.intake.terms import Terms
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.proof.authentication import Sender
from service.rates.admissions import Admissions
from service.rates.errors import RateLimited
from service.receipts.claims import Claim
from service.receipts.recognition import DuplicatesOf, Recognition
from service.receipts.statement import Stored
from service.settings import Settings

AT_ONCE = 40
"""So many items are handled before others have their turn: an urgent signal must not wait for a whole batch."""

Thing = TypeVar("Thing")

_ALIKE = attrgetter("instrument", "side", "approval")


class CreateBatch:
    """POST /api/v1/signals/batch."""

    def __init__(
        self,
        settings: Settings,
        limits: Limits,
        lane: Lane,
        journal: Journal,
        terms: Terms,
        duplicates_of: DuplicatesOf,
    ) -> None:
        self.recognition = Recognition("signals/batch", settings, limits, duplicates_of)
        self.items = Items(settings, terms, self.recognition)
        self.items_max = limits.batch_items
        self.receipt_lifetime = timedelta(seconds=limits.receipt_seconds)
        self.lane = lane
        self.journal = journal
        self.turn = asyncio.Lock()
        """Of the batch whose items are checked: others wait, so that what comes between its items is single signals."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        body, sender, state = scope["state"]["body"], scope["state"]["sender"], scope["state"]
        key = self.recognition.by_key(scope, body, sender)
        async with self.turn:
            envelope = open_envelope(body, self.items_max)
            items = [item async for some in _by_turns(self.items.check(envelope, sender)) for item in some]
        batch = Batch(items, self._claims(sender, key), envelope.atomic)
        batch.beyond = state.get("refusal") or await _beyond_rate(state.get("admissions"), batch.items)
        outcomes = await self.lane.store(batch)
        state["counted"] = sum(_counts(outcome) for outcome in outcomes)
        if batch.beyond and not any(isinstance(outcome, Stored) for outcome in outcomes):
            raise batch.beyond
        await self._tell(batch, outcomes)
        await _answer(outcomes, send)

    def _claims(self, sender: Sender, key: Claim | None) -> list[Claim]:
        claims = [] if key is None else [key]
        if sender.mac is None or sender.signed_at is None:
            return claims
        return [Claim(sender.mac, None, sender.signed_at + self.receipt_lifetime), *claims]

    async def _tell(self, batch: Batch, outcomes: Outcomes) -> None:
        """Each new signal is counted and has its line, and each refused one."""
        together = zip(batch.items, outcomes, strict=True)
        new = (each.signal for each, outcome in together if each.signal and isinstance(outcome, Stored) and outcome.new)
        for alike, number in Counter(map(_ALIKE, new)).items():
            self.journal.count(*alike, number)
        async for some in _by_turns(enumerate(zip(batch.items, outcomes, strict=True))):
            for place, (_, outcome) in some:
                if isinstance(outcome, Refusal):
                    tell_refused(outcome, place=place)
            self.journal.answered_in_batch(
                (item.signal, outcome) for _, (item, outcome) in some if item.signal and isinstance(outcome, Stored)
            )


async def _by_turns(things: Iterator[Thing]) -> AsyncIterator[list[Thing]]:
    """Some at once, and after them others have their turn."""
    while some := list(islice(things, AT_ONCE)):
        yield some
        await asyncio.sleep(0)


async def _beyond_rate(admissions: Admissions | None, items: Sequence[Item]) -> Refusal | None:
    """Why not all of the items may be stored now. One of them was let through with the request."""
    good = sum(item.signal is not None and item.refusal is None for item in items)
    if admissions is None or good < 2:
        return None
    try:
        await admissions.more(good - 1)
    except RateLimited as refusal:
        return refusal
    return None


def _counts(outcome: Stored | Refusal) -> bool:
    return outcome.counts if isinstance(outcome, Refusal) else not outcome.replayed


async def _answer(outcomes: Outcomes, send: Send) -> None:
    results = results_of(outcomes)
    refused = sum(isinstance(outcome, Refusal) for outcome in outcomes)
    if refused == len(outcomes):
        raise BatchRefused(results)
    body = orjson.dumps({"results": results}, option=orjson.OPT_UTC_Z)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if all(outcome.replayed for outcome in outcomes if isinstance(outcome, Stored)):
        headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": 207 if refused else 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
