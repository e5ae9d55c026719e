"""Which signals have contents that few have, out of the index that an operator may have made."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from service.feed.position import Position
from service.feed.statement import newest
from service.lives.snapshot import snapshot
from service.payloads import index as payload_index

_BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL statement_timeout = {}"
"""A GIN index is read as a bitmap and in no other way: whatever is known of the table, no other plan will do."""

_CONTAINING = "SELECT id FROM signals WHERE payload @> $1::jsonb LIMIT $2"


@dataclass(frozen=True, slots=True)
class Few:
    """All signals up to a place that have the contents, in no order, and perhaps some behind it."""

    ids: list[UUID]
    until: Position


async def few(connection: asyncpg.Connection, payload: str, limit: int, seconds: float) -> Few | None:
    """The signals whose payload contains this one; None unless there are fewer than `limit`, an index tells, and it
    does so within `seconds`. Nothing will appear before the place: what one snapshot has up to there is all."""
    try:
        async with snapshot(connection):
            if not await payload_index.is_valid(connection):
                return None
            until = await newest(connection)
            await connection.execute(_BY_INDEX.format(int(seconds * 1000)))
            ids = [row["id"] for row in await connection.fetch(_CONTAINING, payload, limit)]
    except asyncpg.QueryCanceledError:
        return None
    return Few(ids, until) if len(ids) < limit else None
