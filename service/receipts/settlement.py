"""Which of the signals that claim more than their signature are new, and what becomes of the others.

Nobody waits for anybody here. Who is about to store something under a key holds its advisory lock; who finds it taken
leaves the signal for later, so that one key that is held for long stalls none of its neighbours. With the locks in hand
nothing can come in between, so what is found now is all that there is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from service.kernel.errors import Refusal
from service.receipts.claims import Claim
from service.receipts.errors import DuplicateSignal, IdempotencyMismatch
from service.receipts.statement import NewSignal, Stored

_LOCK = """
SELECT key FROM unnest($1::bytea[], $2::bigint[]) AS claim (key, lock) WHERE NOT pg_try_advisory_xact_lock(lock)
"""

_LOOK = """
WITH forgotten AS (
    DELETE FROM receipts WHERE key = ANY($1::bytea[]) AND fingerprint IS NOT NULL AND expires_at <= now()
), found AS MATERIALIZED (
    SELECT key, signal_id, created_at, fingerprint, differs, batch_id, signal_ids FROM receipts
    WHERE key = ANY($1::bytea[]) AND (fingerprint IS NULL OR expires_at > now())
), confirmed AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'signals', '') WHERE EXISTS (SELECT FROM found))
SELECT found.* FROM found, confirmed
"""
"""A receipt is over when its time is, whether it was pruned or not. One without a fingerprint is of a MAC: its request
does not pass for as long as its receipt lasts, whatever the clocks say. To delete fails on a server that was demoted,
and the message waits for standbys, as where signals are looked for."""

_REMEMBER = """
INSERT INTO receipts (key, signal_id, created_at, fingerprint, differs, expires_at)
SELECT key, signal_id, created_at, fingerprint, CASE WHEN differs IS NOT NULL THEN ARRAY[differs] END,
       coalesce(expires_at, now() + make_interval(secs => seconds))
FROM unnest($1::uuid[], $2::timestamptz[], $3::bool[], $4::bytea[], $5::bytea[], $6::timestamptz[], $7::float8[])
    AS claim (signal_id, created_at, differs, key, fingerprint, expires_at, seconds)
ORDER BY key ON CONFLICT DO NOTHING
"""

Outcome = Stored | Refusal
Receipts = Mapping[bytes, Any]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is new, to be stored; what became of others. Whatever is in neither has to wait for somebody else."""

    new: dict[UUID, NewSignal] = field(default_factory=dict)
    outcomes: dict[UUID, Outcome] = field(default_factory=dict)


class _Held(Exception):
    """Somebody is about to store something under the same key."""


async def settle(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal]) -> Settlement:
    """Look up what the signals claim, within a transaction, whose end makes way for others."""
    claims = {claim.key: claim for signal in signals.values() for claim in signal.claims}
    held = await lock(connection, claims.values())
    receipts = await look(connection, claims)
    settlement = Settlement()
    for id, signal in signals.items():
        try:
            outcome = _judge(id, signal, receipts, held)
        except _Held:
            continue
        if outcome is None:
            settlement.new[id] = signal
        else:
            settlement.outcomes[id] = outcome
        if not isinstance(outcome, Refusal):
            held.update(claim.key for claim in signal.claims if claim.key not in receipts)
    await remember(connection, _repeats(signals, settlement.outcomes, receipts))
    return settlement


async def lock(connection: asyncpg.Connection, claims: Iterable[Claim]) -> set[bytes]:
    """Take the locks of these claims; the keys of those that somebody else has."""
    keys, locks = zip(*((claim.key, claim.lock) for claim in claims), strict=True)
    return {record["key"] for record in await connection.fetch(_LOCK, keys, locks)}


async def look(connection: asyncpg.Connection, keys: Iterable[bytes]) -> Receipts:
    """The receipts under these keys."""
    return {record["key"]: record for record in await connection.fetch(_LOOK, list(keys))}


def _judge(id: UUID, signal: NewSignal, receipts: Receipts, held: Collection[bytes]) -> Outcome | None:
    """The first claim that is known decides: the signature, then the key, then the content. None when it is new."""
    for claim in signal.claims:
        if claim.key in held:
            raise _Held
        if claim.key in receipts:
            return _outcome(id, signal, claim, receipts[claim.key])
    return None


def _outcome(id: UUID, signal: NewSignal, claim: Claim, receipt: Any) -> Outcome:
    first: UUID = receipt["signal_id"]
    if first == id:
        return Stored(id, receipt["created_at"], replayed=False)
    if signal.content is None or claim is not signal.content.claim:
        if claim.fingerprint != receipt["fingerprint"]:
            return IdempotencyMismatch()
        return Stored(first, receipt["created_at"], replayed=True, differs=receipt["differs"] and receipt["differs"][0])
    if signal.content.refuse:
        return DuplicateSignal(first)
    return Stored(first, receipt["created_at"], replayed=False, differs=claim.fingerprint != receipt["fingerprint"])


Repeat = tuple[UUID, datetime, bool | None, Claim]
"""A signal that was stored before, and what names it from now on."""


def _repeats(signals: Mapping[UUID, NewSignal], outcomes: Mapping[UUID, Outcome], known: Receipts) -> list[Repeat]:
    return [
        (outcome.id, outcome.created_at, outcome.differs, claim)
        for id, outcome in outcomes.items()
        if isinstance(outcome, Stored)
        for claim in signals[id]._replace(content=None).claims
        if claim.key not in known
    ]


async def remember(connection: asyncpg.Connection, repeats: Iterable[Repeat]) -> None:
    """Let signature and key of a request that was answered with an earlier signal stand for that signal."""
    rows = [(*facts, *claim) for *facts, claim in repeats]
    if rows:
        await connection.execute(_REMEMBER, *zip(*rows, strict=True))
