"""The one transaction of a batch: all that is good in it is stored, with one receipt for its signature and one for its
key, or nothing is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from service.batch.copying import copy, may_copy
from service.batch.errors import NotStored
from service.batch.items import Item
from service.kernel.errors import Refusal
from service.receipts.claims import Claim
from service.receipts.errors import DuplicateSignal, IdempotencyMismatch
from service.receipts.identifiers import new_id
from service.receipts.settlement import Outcome, Receipts, look
from service.receipts.statement import Stored, find, insert

_LOCK = "SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS lock"
"""Unlike a single signal a batch may wait for others, since it holds up nobody; in one order, so that none who waits
for it is waited for by it."""

_CREATED = "SELECT id, created_at FROM signals WHERE id = ANY($1::uuid[])"

_REMEMBER = """
INSERT INTO receipts (key, signal_id, batch_id, signal_ids, differs, fingerprint, expires_at)
SELECT key, $1, $2, $3, $4, fingerprint, coalesce(expires_at, now() + make_interval(secs => seconds))
FROM unnest($5::bytea[], $6::bytea[], $7::timestamptz[], $8::float8[])
    AS claim (key, fingerprint, expires_at, seconds)
ORDER BY key
"""

_ADD = "UPDATE receipts SET signal_ids = $2, differs = $3 WHERE batch_id = $1"


@dataclass(slots=True, eq=False)
class Batch:
    """A batch on its way in: its items, and what it claims as a whole. With a `beyond` its producer has sent too much,
    and nothing new may be stored for it."""

    items: Sequence[Item]
    claims: Sequence[Claim]
    atomic: bool = False
    beyond: Refusal | None = None
    id: UUID = field(default_factory=new_id)
    attempt: int = 0
    """The number of the attempt that counts: one that was given up commits nothing any more."""
    committing: bool = False
    """Whether the database was asked to commit it and has not answered."""


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What an earlier request has stored of the same batch."""

    batch_id: UUID
    outcomes: Mapping[int, Stored]


Outcomes = Sequence[Outcome]


async def store(connection: asyncpg.Connection, batch: Batch) -> Outcomes | Refusal | None:
    """What became of each item, once it is committed; or why the batch is refused as a whole; None when somebody came
    in between, so that it is to be tried again. Raises what the database does; then nothing of it is stored, unless
    nobody knows."""
    attempt = batch.attempt
    transaction = connection.transaction()
    await transaction.start()
    try:
        outcomes = await _store(connection, batch)
    except asyncpg.PostgresError:
        await transaction.rollback()
        raise
    if batch.attempt == attempt and has_stored(outcomes):
        batch.committing = True
        await transaction.commit()
        batch.committing = False
    else:
        await transaction.rollback()
    return outcomes


def has_stored(outcomes: Outcomes | Refusal | None) -> bool:
    """Whether something of the batch is stored, now or before."""
    return isinstance(outcomes, Sequence) and any(isinstance(outcome, Stored) for outcome in outcomes)


async def _store(connection: asyncpg.Connection, batch: Batch) -> Outcomes | Refusal | None:
    receipts = await _take(connection, batch)
    earlier = await _earlier(connection, batch, receipts)
    if isinstance(earlier, Refusal):
        return earlier
    outcomes = _judge(batch, earlier.outcomes, receipts)
    refused = any(isinstance(outcome, Refusal) for outcome in outcomes)
    if batch.atomic and refused:
        return [outcome if isinstance(outcome, Refusal) else NotStored() for outcome in outcomes]
    created = await _insert(connection, batch, outcomes)
    if created is None:
        return None
    told = [_dated(outcome, created) for outcome in outcomes]
    await _remember(connection, batch, earlier, told, receipts)
    return told


async def _take(connection: asyncpg.Connection, batch: Batch) -> Receipts:
    """The receipts of all that the batch claims, once nobody else is about to store anything of it."""
    contents = (item.signal.content.claim for item in batch.items if item.signal and item.signal.content)
    claims = [*batch.claims, *contents]
    if not claims:
        return {}
    await connection.fetch(_LOCK, sorted({claim.lock for claim in claims}))
    return await look(connection, {claim.key for claim in claims})


async def _earlier(connection: asyncpg.Connection, batch: Batch, receipts: Receipts) -> _Earlier | Refusal:
    """The first claim that is known decides: the signature before the key."""
    known = next((claim for claim in batch.claims if claim.key in receipts), None)
    if known is None:
        return _Earlier(batch.id, {})
    receipt = receipts[known.key]
    if receipt["fingerprint"] != known.fingerprint:
        return IdempotencyMismatch()
    ids: Sequence[UUID | None] = receipt["signal_ids"]
    differs: Sequence[bool | None] = receipt["differs"] or [None] * len(ids)
    created = await _created(connection, [id for id in ids if id is not None])
    own = receipt["batch_id"] == batch.id
    return _Earlier(
        receipt["batch_id"],
        {
            place: Stored(id, created.get(id, receipt["created_at"]), replayed=not own, differs=differs[place])
            for place, id in enumerate(ids)
            if id is not None
        },
    )


async def _created(connection: asyncpg.Connection, ids: Sequence[UUID]) -> Mapping[UUID, datetime]:
    return {record["id"]: record["created_at"] for record in await connection.fetch(_CREATED, ids)}


_NOT_YET = datetime.max
"""When something was stored that is about to be."""


def _judge(batch: Batch, earlier: Mapping[int, Stored], receipts: Receipts) -> list[Outcome]:
    firsts: dict[bytes, tuple[UUID, datetime, bytes | None]] = {
        key: (receipt["signal_id"], receipt["created_at"], receipt["fingerprint"]) for key, receipt in receipts.items()
    }
    outcomes: list[Outcome] = []
    for place, item in enumerate(batch.items):
        refusal = item.refusal or batch.beyond
        if place in earlier:
            outcomes.append(earlier[place])
        elif refusal is not None or item.signal is None:
            outcomes.append(refusal or NotStored())
        else:
            outcomes.append(_judge_item(item, firsts))
    return outcomes


def _judge_item(item: Item, firsts: dict[bytes, tuple[UUID, datetime, bytes | None]]) -> Outcome:
    """New, or the same as what is stored or stands before it in the batch."""
    content = item.signal.content if item.signal else None
    new = item.id, _NOT_YET, content.claim.fingerprint if content else None
    first, created_at, fingerprint = firsts.setdefault(content.claim.key, new) if content else new
    if first == item.id or content is None:
        return Stored(item.id, created_at, replayed=False)
    if content.refuse:
        return DuplicateSignal(first)
    return Stored(first, created_at, replayed=False, differs=content.claim.fingerprint != fingerprint)


async def _insert(
    connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]
) -> Mapping[UUID, datetime] | None:
    """Store what is new; when each was stored. What is there already is from an attempt of our own whose answer was
    lost. None when some of it is neither: somebody who takes no locks claims it."""
    new = {
        outcome.id: item.signal
        for outcome, item in zip(outcomes, batch.items, strict=True)
        if isinstance(outcome, Stored) and outcome.id == item.id and outcome.created_at is _NOT_YET and item.signal
    }
    if not new:
        return {}
    if batch.attempt == 1 and may_copy(connection, new):
        return dict.fromkeys(new, await copy(connection, new))
    stored = await insert(connection, new)
    if len(stored) < len(new):
        others = {id: signal._replace(content=None) for id, signal in new.items() if id not in stored}
        stored |= await find(connection, others)
    return {id: each.created_at for id, each in stored.items()} if len(stored) == len(new) else None


def _dated(outcome: Outcome, created: Mapping[UUID, datetime]) -> Outcome:
    if isinstance(outcome, Refusal) or outcome.created_at is not _NOT_YET:
        return outcome
    return outcome._replace(created_at=created[outcome.id])


async def _remember(
    connection: asyncpg.Connection, batch: Batch, earlier: _Earlier, outcomes: Outcomes, receipts: Receipts
) -> None:
    """Let the claims of the batch stand for what is stored at which place, those of earlier requests too."""
    found = [outcome if isinstance(outcome, Stored) else None for outcome in outcomes]
    ids = [stored and stored.id for stored in found]
    first = next((id for id in ids if id is not None), None)
    if first is None:
        return
    differs: Any = [stored and stored.differs for stored in found]
    differs = differs if any(each is not None for each in differs) else None
    if earlier.outcomes and len(earlier.outcomes) < len([id for id in ids if id is not None]):
        await connection.execute(_ADD, earlier.batch_id, ids, differs)
    unknown = [claim for claim in batch.claims if claim.key not in receipts]
    if unknown:
        await connection.execute(_REMEMBER, first, earlier.batch_id, ids, differs, *zip(*unknown, strict=True))
