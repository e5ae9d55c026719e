"""Receipts are forgotten when the requests that they are of can no longer pass."""

import asyncpg

from service.kernel.limits import Limits
from service.kernel.timestamps import Clock
from service.postgres.pool import Pool

_PRUNE = """
DELETE FROM receipts WHERE key IN (
    SELECT key FROM receipts WHERE expires_at < least($1, now()) LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""
"""By the later of two clocks: whichever runs ahead, no receipt goes while another service lets its request pass."""


class Receipts:
    """The table of receipts, which the statement that stores a signal fills."""

    def __init__(self, pool: Pool, limits: Limits, clock: Clock) -> None:
        self._pool = pool
        self._rows = limits.prune_rows
        self._clock = clock

    async def prune(self) -> None:
        """Forget all that have expired, in small bites. Many processes may do so at once."""
        while await self._pool.commit(self._prune_some) == self._rows:
            continue

    async def _prune_some(self, connection: asyncpg.Connection) -> int:
        answer: str = await connection.execute(_PRUNE, self._clock(), self._rows)
        return int(answer.removeprefix("DELETE "))
