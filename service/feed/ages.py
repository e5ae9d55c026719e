"""How far a point in time is in the order of the feed, which is not that of time."""

from datetime import datetime

import asyncpg

from service.feed.position import ORIGIN, Position
from service.lives.horizon import HORIZON
from service.lives.snapshot import snapshot

_PLACE = """
SELECT epoch, xact, id FROM horizons WHERE at < $1 ORDER BY at DESC, epoch DESC, xact DESC, id DESC LIMIT 1
"""

_HIDDEN_MAX = 10_000

_ENDED = """
SELECT now() >= $1 AND NOT pg_is_in_recovery()
    AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (xact_start < $1 AND backend_type NOT IN ('autovacuum worker', 'walsender')
            OR backend_type IS NULL AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'virtualxid')))
    AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
"""
"""A prepared transaction does not tell when it began, nor does any of a session that this role may not see: it counts
as open as long as it holds the lock of its transaction."""

_HIDDEN = f"""
(SELECT count(*) < {_HIDDEN_MAX} AND min(at) < $1 IS NOT TRUE FROM (
    SELECT s.{{at}} AS at FROM {{table}} AS s
    WHERE (s.epoch, s.xact) >= ((SELECT epoch FROM horizon), (SELECT xact FROM horizon))
    ORDER BY s.epoch, s.xact, s.id LIMIT {_HIDDEN_MAX}
) AS hidden)
"""  # nosec B608

_SHOWN = f"""
WITH {HORIZON}
SELECT {_HIDDEN.format(at="created_at", table="signals")} AND {_HIDDEN.format(at="at", table="transitions")}
"""  # nosec B608


async def place(connection: asyncpg.Connection, moment: datetime | None) -> Position:
    """A place at or before which nothing was stored at that time or later: a sample of the survey; ORIGIN for None."""
    record = await connection.fetchrow(_PLACE, moment) if moment else None
    return Position(*record) if record else ORIGIN


async def settled(connection: asyncpg.Connection, moment: datetime) -> bool:
    """Whether all that will ever have been stored before that time can be read from now on: no transaction is open that
    began before it, and none that was stored before it waits for another one. Has to be asked before they are read."""
    if not await connection.fetchval(_ENDED, moment):
        return False
    # In this order, and not with one statement: its snapshot would not have what ends while it looks who is open.
    async with snapshot(connection):
        shown: bool = await connection.fetchval(_SHOWN, moment)
    return shown
