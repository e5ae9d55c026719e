"""The instruments that there are, as a reader is told of them."""

import asyncpg

from service.feed.instruments import LIKE
from service.readers.filter import Filter

_LATEST = "CASE WHEN $7 THEN greatest(latest, latest_waiting) ELSE latest END"
"""When the latest signal was stored, if need be of those that wait for approval too."""

_LIST = f"""
SELECT instrument, max({_LATEST}) AS latest FROM instruments
WHERE {LIKE.format("$1::text")} AND instrument > $2
    AND ($3::text[] IS NULL OR instrument = ANY($3) OR instrument ^@ ANY($4::text[]))
    AND ($5::text[] IS NULL OR producer = ANY($5)) AND {_LATEST} IS NOT NULL
GROUP BY instrument ORDER BY instrument LIMIT $6
"""  # nosec B608


async def listed(
    connection: asyncpg.Connection, filter: Filter, prefix: str, after: str, limit: int
) -> list[asyncpg.Record]:
    """The instruments that begin so and come after a name, in the order of their bytes, with the time of storage of
    their latest signal. Both `instrument` and `latest` are of signals that the filter shows."""
    producers = None if filter.producers is None else [*filter.producers]
    values = prefix, after, filter.literals, filter.prefixes, producers, limit, filter.unapproved
    records: list[asyncpg.Record] = await connection.fetch(_LIST, *values)
    return records
