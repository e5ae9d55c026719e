"""How far a point in time is in the order of the feed, which is not that of time."""

from datetime import datetime

import asyncpg

from service.feed.position import ORIGIN, Position
from service.feed.statement import HORIZON

_PLACE = """
SELECT epoch, xact, id FROM horizons WHERE at < $1 ORDER BY at DESC, epoch DESC, xact DESC, id DESC LIMIT 1
"""

_HIDDEN_MAX = 10_000

_SETTLED = f"""
WITH {HORIZON}
SELECT now() >= $1
    AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND xact_start < $1
        AND pid <> pg_backend_pid() AND backend_type = 'client backend')
    AND NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())
    AND (SELECT count(*) < {_HIDDEN_MAX} AND min(created_at) < $1 IS NOT TRUE FROM (
        SELECT s.created_at FROM signals AS s
        WHERE (s.epoch, s.xact) >= ((SELECT epoch FROM horizon), (SELECT xact FROM horizon)) LIMIT {_HIDDEN_MAX}
    ) AS hidden)
    AND (SELECT count(*) < {_HIDDEN_MAX} AND min(at) < $1 IS NOT TRUE FROM (
        SELECT s.at FROM transitions AS s
        WHERE (s.epoch, s.xact) >= ((SELECT epoch FROM horizon), (SELECT xact FROM horizon)) LIMIT {_HIDDEN_MAX}
    ) AS hidden)
"""  # nosec B608
"""A prepared transaction does not tell when it began."""


async def place(connection: asyncpg.Connection, moment: datetime) -> Position:
    """A place at or before which nothing was stored at that time or later: a sample that the survey has taken."""
    record = await connection.fetchrow(_PLACE, moment)
    return Position(*record) if record else ORIGIN


async def settled(connection: asyncpg.Connection, moment: datetime) -> bool:
    """Whether all that will ever have been stored before that time can be read from now on: no transaction is open that
    began before it, and none that was stored before it waits for another one."""
    answer: bool = await connection.fetchval(_SETTLED, moment)
    return answer
