"""The names of instruments, out of a small table that the survey keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from service.feed.position import Position

LIKE = "instrument >= {0} AND instrument < {0} || '~'"
"""Begins with it: `~` comes after all that a name may have in it."""

_KNOWN = f"""
SELECT survey.epoch, survey.xact, survey.id, ARRAY(
    SELECT DISTINCT instrument FROM unnest($1::text[]) AS prefix, instruments WHERE {LIKE.format("prefix")} LIMIT $2
) AS names
FROM survey
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
