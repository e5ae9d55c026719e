"""What has expired is closed."""

from collections.abc import Callable

import asyncpg

from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lifecycle import statement
from service.postgres.pool import Pool

EXPIRY_LOCK = 0x457870697279
"""The advisory lock that lets one process close what has expired: the ASCII bytes of `Expiry`. It is that of a
transaction, which no pooler can keep, and gives it no number, which would keep the end of the feed from readers."""


class Expiry:
    """Closes what has expired, so that the feed tells. That it has expired everybody sees at once, however late this
    is. `on_closed` is called after each commit."""

    def __init__(self, pool: Pool, limits: Limits, on_closed: Callable[[], None]) -> None:
        self._pool = pool
        self._rows = limits.expiry_rows
        self._on_closed = on_closed

    async def look(self) -> None:
        """Close all that has expired, in small bites. Does nothing while another process does, and leaves what somebody
        is deciding about to the next look."""
        async with self._pool.connection() as connection:
            overdue = await statement.overdue(connection)
        metrics.expired_open.set(overdue)
        closed = self._rows if overdue else 0
        while closed == self._rows:
            closed = await self._pool.commit(self._close_some)
            if closed:
                log.info("Expired signals closed", signals=closed)
                metrics.expired.inc(closed)
                self._on_closed()

    async def _close_some(self, connection: asyncpg.Connection) -> int:
        async with connection.transaction(isolation="read_committed"):
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", EXPIRY_LOCK):
                return 0
            return await statement.close_expired(connection, self._rows)
