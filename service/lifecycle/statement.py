"""The state of a signal, and the one statement that changes it."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from service.lifecycle.decision import Decision
from service.notation.shapes import CHANGE

_STATE = f"""
SELECT signal.instrument, coalesce(signal.producer_id, '') AS producer, signal.status, signal.state_version,
    signal.expires_at <= clock_timestamp() IS TRUE AS expired,
    EXISTS (SELECT FROM archives WHERE signal.id >= lower AND signal.id < upper) AS closed,
    newest.by, newest.reason, newest.json
FROM signals AS signal LEFT JOIN LATERAL (
    SELECT s.by, s.reason, row_to_json(change) AS json FROM transitions AS s, {CHANGE}
    WHERE s.signal_id = signal.id AND s.state_version = signal.state_version
) AS newest ON true
WHERE signal.id = $1
"""  # nosec B608

_CHANGE = f"""
WITH changed AS (
    UPDATE signals SET status = $4, state_version = state_version + 1
    WHERE id = $1 AND status = $2 AND state_version = $3
    RETURNING id, instrument, producer_id, approval, expires_at, state_version, updated_at
), s AS (
    INSERT INTO transitions
        (id, signal_id, instrument, producer_id, approval, expires_at, from_status, to_status, state_version, at, by,
        reason)
    SELECT $5, id, instrument, producer_id, approval, expires_at, $2, $4, state_version, updated_at, $6, $7 FROM changed
    RETURNING *
), audited AS (
    INSERT INTO audit (id, at, by, command, what)
    SELECT $8, at, by, 'status', jsonb_build_object('signal', signal_id, 'status', to_status, 'reason', reason) FROM s
)
SELECT row_to_json(change) AS json, s.state_version, s.at >= s.expires_at IS TRUE AS late FROM s, {CHANGE}
"""  # nosec B608
"""What is judged was committed before this statement began, and its first write is where its transaction gets its
number: so whatever others do meanwhile, a transition stands behind its signal in the feed, and behind the transition
before it. It is dated by the trigger, which runs when nobody else holds the signal any more."""

_OVERDUE = """
SELECT coalesce(extract(epoch FROM now() - min(expires_at)), 0)::float FROM signals
WHERE status <> 2 AND expires_at IS NOT NULL AND expires_at <= now()
"""

_CLOSE = """
WITH due AS MATERIALIZED (
    SELECT id, status, state_version FROM signals
    WHERE status <> 2 AND expires_at IS NOT NULL AND expires_at <= now() ORDER BY expires_at LIMIT $1
), free AS MATERIALIZED (
    SELECT signals.id, due.status FROM signals JOIN due USING (id) WHERE signals.state_version = due.state_version
    FOR NO KEY UPDATE OF signals SKIP LOCKED
), closed AS (
    UPDATE signals SET status = 2, state_version = state_version + 1 FROM free WHERE signals.id = free.id
    RETURNING signals.id, signals.instrument, signals.producer_id, signals.approval, signals.expires_at, free.status,
        signals.state_version, signals.updated_at
)
INSERT INTO transitions
    (id, signal_id, instrument, producer_id, approval, expires_at, from_status, to_status, state_version, at, reason)
SELECT ($2::uuid[])[row_number() OVER ()], id, instrument, producer_id, approval, expires_at, status, 2, state_version,
    updated_at, 'expired'
FROM closed
"""
"""What is due is what this statement saw when it began, before its transaction got a number: see above. The statuses in
the conditions are the ones of the index, and no parameters, so that any plan can use it."""

MONTH_CLOSED = "SIGAR"
"""The SQLSTATE of who changes a signal whose month is closed."""

_CONFIRM = "SELECT pg_logical_emit_message(true, 'signals', '')"
"""A commit, which waits for the standbys to have all that came before it."""


@dataclass(frozen=True, slots=True)
class State:
    """A signal as it is now, whether its month is closed, and who has made it so, why, with the event that told it;
    None where nobody has."""

    instrument: str
    producer: str
    status: int
    state_version: int
    expired: bool
    closed: bool
    by: str | None
    reason: str | None
    event: bytes | None


@dataclass(frozen=True, slots=True)
class Decided:
    """The event that tells a decision, and the version of the state that it has led to."""

    event: bytes
    state_version: int


async def state(connection: asyncpg.Connection, signal: UUID) -> State | None:
    """The state of a signal; None when there is no such signal."""
    record = await connection.fetchrow(_STATE, signal)
    return record and State(*record)


async def change(connection: asyncpg.Connection, signal: UUID, judged: State, decision: Decision) -> Decided | None:
    """Make a decision about a signal, with one commit; None when its state is not the one any more that was judged, or
    it has expired before nobody else held it."""
    before = judged.status, judged.state_version
    transaction = connection.transaction(isolation="read_committed")
    await transaction.start()
    try:
        record = await connection.fetchrow(
            _CHANGE, signal, *before, decision.status, uuid7(), decision.by, decision.reason, uuid7()
        )
    except asyncpg.PostgresError:
        await transaction.rollback()
        raise
    if record is None or record["late"]:
        await transaction.rollback()
        return None
    await transaction.commit()
    return Decided(record["json"], record["state_version"])


async def overdue(connection: asyncpg.Connection) -> float:
    """How many seconds ago the oldest signal expired that is not closed; 0 when there is none."""
    seconds: float = await connection.fetchval(_OVERDUE)
    return seconds


async def close_expired(connection: asyncpg.Connection, number: int) -> int:
    """Close up to so many signals that have expired; returns how many there were."""
    answer: str = await connection.execute(_CLOSE, number, [uuid7() for _ in range(number)])
    return int(answer.rpartition(" ")[2])


async def confirm(connection: asyncpg.Connection) -> bool:
    """Return when all that can be read is as safe as what this service has stored itself."""
    await connection.execute(_CONFIRM)
    return True
