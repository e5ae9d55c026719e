"""The statements that store signals, one or many, with one commit, and the one that finds them again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg

from service.receipts.claims import Claim, Content

_INSERT = """
WITH batch AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::timestamptz[], $6::bytea[],
                         $7::int[], $8::uuid[], $9::timestamptz[], $10::float8[], $11::text[])
        AS row (id, producer_id, instrument, side, time, payload, version, key_id, expires_at, seconds, approval)
), claim AS MATERIALIZED (
    SELECT * FROM unnest($12::uuid[], $13::bytea[], $14::bytea[], $15::timestamptz[], $16::float8[])
        AS claim (id, key, fingerprint, expires_at, seconds)
    ORDER BY key, id
), held AS (
    INSERT INTO receipts (key, signal_id, fingerprint, expires_at)
    SELECT key, id, fingerprint, coalesce(expires_at, now() + make_interval(secs => seconds)) FROM claim
    ON CONFLICT DO NOTHING RETURNING signal_id AS id, key
)
INSERT INTO signals (id, producer_id, instrument, side, time, payload, version, key_id, expires_at, approval)
SELECT id, producer_id, instrument, side, time, convert_from(payload, 'UTF8')::jsonb, version, key_id,
    coalesce(expires_at, now() + make_interval(secs => seconds)), approval
FROM batch WHERE id NOT IN (SELECT id FROM claim WHERE (id, key) NOT IN (SELECT id, key FROM held))
ON CONFLICT (id) DO NOTHING
RETURNING id, created_at
"""
"""All claims in one order, so that none who waits for another is waited for by it."""

_INSERT_SIGNED = """
WITH held AS (
    INSERT INTO receipts (key, signal_id, expires_at) VALUES ($12, $1, $13) ON CONFLICT DO NOTHING RETURNING key
)
INSERT INTO signals (id, producer_id, instrument, side, time, payload, version, key_id, expires_at, approval)
SELECT $1::uuid, $2, $3, $4::smallint, $5::timestamptz, convert_from($6, 'UTF8')::jsonb, $7::int, $8::uuid,
    coalesce($9, now() + make_interval(secs => $10)), $11
FROM held
RETURNING id, created_at
"""
"""The same for one that claims no more than its signature. Its receipt outlasts all attempts to store it, so that
nobody needs to look for its id. Arrays of one would take half of the work that there is, for which who sends one signal
after the other would wait each time."""

_INSERT_UNSIGNED = """
INSERT INTO signals (id, producer_id, instrument, side, time, payload, version, key_id, expires_at, approval)
VALUES ($1, $2, $3, $4, $5, convert_from($6, 'UTF8')::jsonb, $7, $8,
    coalesce($9, now() + make_interval(secs => $10)), $11)
ON CONFLICT (id) DO NOTHING
RETURNING id, created_at
"""
"""The same for one that claims nothing."""

_FIND = """
WITH nothing AS (DELETE FROM receipts WHERE false), found AS MATERIALIZED (
    SELECT key, signal_id AS id, created_at, differs[1] FROM receipts WHERE key = ANY($1::bytea[])
    UNION ALL
    SELECT NULL, id, created_at, NULL FROM signals WHERE id = ANY($2::uuid[])
), confirmed AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'signals', '') WHERE EXISTS (SELECT FROM found))
SELECT key, id, created_at, differs FROM found, confirmed
"""
"""A receipt alone can repeat the first answer: it was written by the same statement, so at the same `now()`.

What is found may be there without its standby, after a crash or a cancelled wait, and to read waits for nobody. The
message in the write-ahead log makes this a commit, which waits for the standbys to have all that came before it. To
delete nothing fails on a server that was demoted: it may lag, and must not say that there is no receipt."""


_CLAIM = """
INSERT INTO receipts (key, signal_id, expires_at) SELECT key, gen_random_uuid(), now() FROM unnest($1::bytea[]) AS key
ORDER BY key ON CONFLICT DO NOTHING
"""


Approval = Literal["none", "required"]


class NewSignal(NamedTuple):
    """A checked signal on its way in. `payload` is a JSON object as it stands in the signed body, so that PostgreSQL
    reads every digit of it; None when there is none. `receipt_key` is the MAC of a signed request, by which it is known
    until `receipt_expires_at`; both are None for an unsigned one. `key_id` is the producer's key that proved it, None
    for the shared secret. It expires at `expires_at`, or else `expire_after_seconds` after it is stored, or never.
    `approval` is `required` where readers get it only when somebody has approved it. `idempotency` is the claim of the
    key under which it was sent, `content` that of what it says; None where there is no such key, and where signals may
    say the same."""

    producer_id: str | None
    instrument: str
    side: int
    time: datetime
    payload: bytes | None
    version: int
    key_id: UUID | None = None
    expires_at: datetime | None = None
    expire_after_seconds: float | None = None
    approval: Approval = "none"
    receipt_key: bytes | None = None
    receipt_expires_at: datetime | None = None
    idempotency: Claim | None = None
    content: Content | None = None

    @property
    def size(self) -> int:
        """How many bytes its payload has."""
        return len(self.payload or b"")

    @property
    def claims_more(self) -> bool:
        """Whether it claims more than its signature."""
        return self.idempotency is not None or self.content is not None

    @property
    def claims(self) -> Iterator[Claim]:
        """All that it claims, in the order in which they count."""
        if self.receipt_key is not None:
            yield Claim(self.receipt_key, None, self.receipt_expires_at)
        if self.idempotency is not None:
            yield self.idempotency
        if self.content is not None:
            yield self.content.claim


_COLUMNS = NewSignal._fields.index("receipt_key")
"""So many of a signal's fields are stored with it, in the order in which the statements take them."""


def sought(receipt_key: bytes) -> NewSignal:
    """A signal of which nothing is known but its MAC: it can be looked for, and not be stored."""
    return NewSignal(None, "", 0, datetime.max, None, 1, receipt_key=receipt_key)


class Stored(NamedTuple):
    """A signal that is on disk; `replayed` when an earlier request with the same signed bytes, or under the same key,
    put it there. `differs` is None unless it was put there by another request that said the same: whether its payload
    or version was another."""

    id: UUID
    created_at: datetime
    replayed: bool
    differs: bool | None = None

    @property
    def new(self) -> bool:
        """Whether this request put it there."""
        return not self.replayed and self.differs is None


async def insert(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal]) -> dict[UUID, Stored]:
    """Store the signals that are new, of one or more, each under its id, with one commit. Those that are not new are
    left out. Where a signal has more than one claim, and some hold and others do not, those are to be taken back."""
    (id, first), *others = signals.items()
    row = id, *islice(first, _COLUMNS)
    if others or first.claims_more:
        records = await connection.fetch(_INSERT, *_columns(signals), *_claims(signals))
    elif first.receipt_key is None:
        records = await connection.fetch(_INSERT_UNSIGNED, *row)
    else:
        records = await connection.fetch(_INSERT_SIGNED, *row, first.receipt_key, first.receipt_expires_at)
    return {record["id"]: Stored(record["id"], record["created_at"], replayed=False) for record in records}


async def find(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal]) -> dict[UUID, Stored]:
    """What `insert` left out, by the same ids: resent requests, and our own from an attempt whose answer was lost."""
    keys = [signal.receipt_key for signal in signals.values() if signal.receipt_key]
    ids = [id for id, signal in signals.items() if not signal.receipt_key]
    records = {record["key"] or record["id"]: record for record in await connection.fetch(_FIND, keys, ids)}
    found = {id: records.get(signal.receipt_key or id) for id, signal in signals.items()}
    return {
        id: Stored(record["id"], record["created_at"], replayed=record["id"] != id, differs=record["differs"])
        for id, record in found.items()
        if record
    }


async def find_under_way(connection: asyncpg.Connection, signals: Mapping[UUID, NewSignal]) -> dict[UUID, Stored]:
    """The same for signed ones that somebody else may be storing now: a claim waits for whoever claimed before, and
    is taken back."""
    claims = connection.transaction()
    await claims.start()
    try:
        await connection.execute(_CLAIM, [signal.receipt_key for signal in signals.values()])
    except asyncpg.PostgresError:
        await claims.rollback()
        raise
    await claims.rollback()
    return await find(connection, signals)


def _columns(signals: Mapping[UUID, NewSignal]) -> Iterable[Sequence[object] | None]:
    rows = ((id, *islice(signal, _COLUMNS)) for id, signal in signals.items())
    return map(_sparse, zip(*rows, strict=True))


def _claims(signals: Mapping[UUID, NewSignal]) -> Iterable[Sequence[object] | None]:
    claims = [(id, *claim) for id, signal in signals.items() for claim in signal.claims]
    return map(_sparse, zip(*claims, strict=True)) if claims else [None] * 5


def _sparse(values: Sequence[object]) -> Sequence[object] | None:
    """None for a column of nothing else, which `unnest` fills up: asyncpg looks at each value of an array."""
    return None if all(value is None for value in values) else values
