"""Receipts: which signed request became which signal. They are written by the statement that stores the signal."""

import asyncio
from contextlib import suppress
from functools import partial

import asyncpg

from service.intake.statement import Stored, recall
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.pool import Pool

_PRUNE = """
DELETE FROM receipts WHERE key IN (
    SELECT key FROM receipts WHERE created_at < now() - make_interval(secs => $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""


class Receipts:
    """Looks receipts up, and forgets those whose requests can no longer pass the window."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits

    async def recall(self, receipt_key: bytes) -> Stored | None:
        """The signal that the request with this MAC became earlier, if it did.

        Raises InternalError when the database does not say so in time.
        """
        try:
            return await self._pool.commit(partial(recall, receipt_key=receipt_key))
        except Exception as error:
            log.error("Database read failed", exception=error)
            raise InternalError from None

    async def has(self, receipt_key: bytes) -> bool:
        """Whether the request with this MAC was stored earlier. Raises InternalError as `recall` does."""
        return await self.recall(receipt_key) is not None

    async def prune(self) -> None:
        """Forget old receipts from time to time, for ever. Many processes may do so at once."""
        while True:
            with suppress(Exception):
                while await self._pool.commit(self._prune_some) == self._limits.prune_rows:
                    pass
            await asyncio.sleep(self._limits.prune_seconds)

    async def _prune_some(self, connection: asyncpg.Connection) -> int:
        answer: str = await connection.execute(_PRUNE, self._limits.receipt_seconds, self._limits.prune_rows)
        return int(answer.removeprefix("DELETE "))
