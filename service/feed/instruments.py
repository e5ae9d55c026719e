"""The names of instruments, out of a small table that the survey keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from service.feed.filter import Filter
from service.feed.position import Position

_LIKE = "instrument >= {0} AND instrument < {0} || '~'"
"""Begins with it: `~` comes after all that a name may have in it."""

_LATEST = "CASE WHEN $7 THEN greatest(latest, latest_waiting) ELSE latest END"
"""When the latest signal was stored, if need be of those that wait for approval too."""

_KNOWN = f"""
SELECT survey.epoch, survey.xact, survey.id, ARRAY(
    SELECT DISTINCT instrument FROM unnest($1::text[]) AS prefix, instruments WHERE {_LIKE.format("prefix")} LIMIT $2
) AS names
FROM survey
"""  # nosec B608

_LIST = f"""
SELECT instrument, max({_LATEST}) AS latest FROM instruments
WHERE {_LIKE.format("$1::text")} AND instrument > $2
    AND ($3::text[] IS NULL OR instrument = ANY($3) OR instrument ^@ ANY($4::text[]))
    AND ($5::text[] IS NULL OR producer = ANY($5)) AND {_LATEST} IS NOT NULL
GROUP BY instrument ORDER BY instrument LIMIT $6
"""  # nosec B608


@dataclass(frozen=True, slots=True)
class Known:
    """All instruments of a pattern that any signal up to a place has."""

    names: Sequence[str]
    until: Position


async def known(connection: asyncpg.Connection, prefixes: Sequence[str], limit: int) -> Known | None:
    """The instruments that begin so; None when there are more than `limit`."""
    *place, names = await connection.fetchrow(_KNOWN, prefixes, max(0, limit) + 1)
    return Known(names, Position(*place)) if len(names) <= limit else None


async def listed(
    connection: asyncpg.Connection, filter: Filter, prefix: str, after: str, limit: int
) -> list[asyncpg.Record]:
    """The instruments that begin so and come after a name, in the order of their bytes, with the time of storage of
    their latest signal. Both `instrument` and `latest` are of signals that the filter shows."""
    producers = None if filter.producers is None else [*filter.producers]
    values = prefix, after, filter.literals, filter.prefixes, producers, limit, filter.unapproved
    records: list[asyncpg.Record] = await connection.fetch(_LIST, *values)
    return records
