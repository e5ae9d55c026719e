"""When keys were used last, and how often: counted in memory, and written down where nobody waits for it."""

from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import asyncpg

from service.postgres.pool import Pool

_REPORT = """
WITH report AS (
    INSERT INTO key_reporters (process, reported_at, ended) VALUES ($3, now(), $4)
    ON CONFLICT (process) DO UPDATE SET reported_at = excluded.reported_at, ended = excluded.ended
)
INSERT INTO key_uses (key_id, hour, uses, last_used_at)
SELECT key_id, date_trunc('hour', now()), uses, now() FROM unnest($1::uuid[], $2::bigint[]) AS used (key_id, uses)
ORDER BY key_id
ON CONFLICT (key_id, hour) DO UPDATE
    SET uses = key_uses.uses + excluded.uses, last_used_at = greatest(key_uses.last_used_at, excluded.last_used_at)
"""
"""By the clock of the database, so a little late and never too early. In the order of the ids, so that two processes
that write the same keys wait for each other and do not lock each other out."""

_FORGET = """
WITH old AS (
    DELETE FROM key_uses WHERE (key_id, hour) IN (
        SELECT key_id, hour FROM key_uses AS earlier
        WHERE key_id = ANY($1::uuid[]) AND hour < now() - interval '25 hours' FOR UPDATE SKIP LOCKED
    )
)
DELETE FROM key_reporters WHERE process IN (
    SELECT process FROM key_reporters WHERE reported_at < now() - interval '25 hours' FOR UPDATE SKIP LOCKED
)
"""
"""Of a key that is used now, what is older is of no interest; of another its last use stays."""


class KeyUses:
    """Counts the uses of keys in this process, and reports them from time to time; the last ones when it is left as an
    asynchronous context manager: so that it is known when a key is used by nobody."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._process = uuid4()
        self._uses: Counter[UUID] = Counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):  # then its uses are unknown, and no key counts as unused for a day
            await self.report(ended=True)

    def count(self, key_id: UUID) -> None:
        """One more request was proven by this key."""
        self._uses[key_id] += 1

    async def report(self, *, ended: bool = False) -> None:
        """Write down what was counted since the last time; what cannot be written is written the next time."""
        uses, self._uses = self._uses, Counter()

        async def write(connection: asyncpg.Connection) -> str:
            done: str = await connection.execute(_REPORT, [*uses], [*uses.values()], self._process, ended)
            return done

        async def forget(connection: asyncpg.Connection) -> bool:
            return bool(await connection.execute(_FORGET, [*uses]) != "DELETE 0")

        try:
            await self._pool.commit(write)
        except BaseException:
            self._uses += uses
            raise
        await self._pool.commit(forget)
