"""From the database into memory: all readers, whenever one was changed."""

import time
from collections.abc import Callable

from service.kernel import metrics
from service.kernel.limits import Limits
from service.postgres.pool import Pool
from service.readers.readers import Readers, Token
from service.readers.scope import Reader, Scope

_VERSION = "SELECT version FROM reader_changes"

_TOKENS = """
SELECT sha256, ends_at, name, instruments, producers, may FROM reader_tokens JOIN readers ON name = reader
WHERE revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now() - interval '1 day')
"""
"""One that ended a day ago is not good any more, however far the clocks are apart."""


class ReadersLoader:
    """Keeps readers as the database has them."""

    name = "readers"
    unreadable = "Readers cannot be read"

    def __init__(
        self, pool: Pool, readers: Readers, limits: Limits, on_change: Callable[[], None] = lambda: None
    ) -> None:
        """`on_change` is called whenever something was changed, be it that a producer was forgotten."""
        self._pool = pool
        self._readers = readers
        self._on_change = on_change
        self._seconds = limits.keyring_compare_seconds
        self._version: int | None = None
        self._due = 0.0

    async def read(self) -> None:
        """Read all, if a change was counted since the last time, or if that is long ago: something may not have been
        counted."""
        version, now = await self._counted(), time.monotonic()
        if version != self._version or now >= self._due:
            await self._load()
            if version != self._version:
                self._on_change()
            # What was changed while it was read has a later number, and is read again the next time.
            self._version, self._due = version, now + self._seconds
        metrics.readers_read.set_to_current_time()

    async def _counted(self) -> int:
        async with self._pool.connection() as connection:
            version: int = await connection.fetchval(_VERSION)
        return version

    async def _load(self) -> None:
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_TOKENS)
        tokens = {
            row["sha256"]: Token(
                Reader(row["name"], Scope(tuple(row["instruments"]), tuple(row["producers"])), tuple(row["may"])),
                row["ends_at"],
            )
            for row in rows
        }
        self._readers.fill(tokens)
        metrics.readers.set(len({token.reader.name for token in tokens.values()}))
