"""What processes and the database tell each other about the rates of producers: many of them in one statement.

The database keeps a token bucket for each producer, and lends its tokens to processes for a short time. A bucket and
what is lent of it never come to more than the bucket can hold, so that in any time no more is used than that and what
is earned meanwhile, whoever uses it, and whoever dies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

import asyncpg

_EXCHANGE = """
WITH asked AS MATERIALIZED (
    SELECT *, floor(extract(epoch FROM now()) / $1)::bigint AS present, set_config('synchronous_commit', 'off', true)
    FROM unnest($2::text[], $3::float8[], $4::float8[], $5::bigint[], $6::int[], $7::int[], $8::int[], $9::int[],
                $10::int[]) AS asked (producer, each, deep, since, held, kept, returned, owed, wanted)
), locked AS MATERIALIZED (
    SELECT asked.*, since BETWEEN present - 1 AND present AS counted,
           extract(epoch FROM full_at - now())::float8 / token_seconds * each AS lacking,
           CASE slot WHEN present THEN lent ELSE 0 END AS now_lent,
           CASE slot WHEN present THEN lent_before WHEN present - 1 THEN lent ELSE 0 END AS lent_before
    FROM asked JOIN quotas USING (producer) FOR UPDATE OF quotas SKIP LOCKED
), settled AS (
    SELECT producer, each, deep, wanted, present,
           least(greatest(lacking - CASE WHEN counted THEN returned ELSE 0 END * each, 0) + owed * each, deep)
               AS lacking,
           greatest(now_lent - CASE since WHEN present THEN held ELSE 0 END, 0) + kept AS lent,
           greatest(lent_before - CASE since WHEN present - 1 THEN held ELSE 0 END, 0) AS lent_before
    FROM locked
), judged AS (
    SELECT *, greatest(least(floor((deep - greatest(lacking, (lent + lent_before) * each) + 1e-6) / each), wanted), 0)
        AS granted
    FROM settled
), granted AS (
    SELECT *, CASE WHEN granted = 0 THEN lacking
                   ELSE greatest(lacking, (lent + lent_before) * each) + granted * each END AS now_lacking
    FROM judged
)
UPDATE quotas
SET full_at = now() + make_interval(secs => now_lacking), token_seconds = each, slot = present,
    lent = granted.lent + granted.granted, lent_before = granted.lent_before
FROM granted WHERE granted.producer = quotas.producer
RETURNING granted.producer, granted.granted::int, present, (deep - now_lacking) / each AS left_over
"""
"""A microsecond is forgiven, since that is how exactly `full_at` is kept. A bucket that is locked is left out.

What is lost with this commit in a crash, later commits are lost with it: so nobody waits for it, and no signal that was
acknowledged is forgotten.
"""

_BEGIN = "INSERT INTO quotas (producer, full_at) SELECT unnest($1::text[]), now() ON CONFLICT DO NOTHING"

_FORGET = """
DELETE FROM quotas WHERE producer IN (
    SELECT producer FROM quotas WHERE full_at < now() - interval '1 minute' FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a process tells of a producer, and what it wants. A token is earned in `each` seconds, a whole bucket in
    `deep` seconds.

    In the slot `since` it was lent so many that it then `held`. Of these it has `kept` some, some are `returned`, and
    the others are used. It has let through others that are `owed`, and wants so many more.
    """

    producer: str
    each: float
    deep: float
    since: int
    held: int
    kept: int
    returned: int
    owed: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a process gets for a producer, in which slot, and how many tokens are left over in the bucket."""

    tokens: int
    slot: int
    left_over: float


async def exchange(
    connection: asyncpg.Connection, demands: Sequence[Demand], slot_seconds: float
) -> Mapping[str, Grant]:
    """Settle what was lent before, and lend more. A producer is left out while its bucket is locked.

    A token is good for `slot_seconds`, and can be returned as long.
    """
    grants = await _exchange(connection, demands, slot_seconds)
    others = [demand for demand in demands if demand.producer not in grants]
    if others and await _begin(connection, others):
        grants |= await _exchange(connection, others, slot_seconds)
    return grants


async def forget_full(connection: asyncpg.Connection) -> bool:
    """Forget buckets that have been full for a while: one that is not there is full. Whether there were any."""
    answer: str = await connection.execute(_FORGET)
    return answer != "DELETE 0"


async def _exchange(connection: asyncpg.Connection, demands: Sequence[Demand], slot_seconds: float) -> dict[str, Grant]:
    columns = zip(*map(astuple, demands), strict=True)
    rows = await connection.fetch(_EXCHANGE, slot_seconds, *map(list, columns))
    return {row["producer"]: Grant(row["granted"], row["present"], row["left_over"]) for row in rows}


async def _begin(connection: asyncpg.Connection, demands: Iterable[Demand]) -> bool:
    """Make a full bucket for each producer that has none; whether there was one."""
    answer: str = await connection.execute(_BEGIN, sorted(demand.producer for demand in demands))
    return answer != "INSERT 0 0"
