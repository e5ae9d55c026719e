"""Whether a signal could be stored now."""

import asyncio
from collections.abc import Callable, Mapping

import asyncpg

from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lives.lives import Unsettled
from service.lives.settling import settle_and_tell
from service.postgres.durability import NotDurable
from service.postgres.pool import Pool
from service.postgres.schema import migration_files

_PROBE = """
WITH write AS (UPDATE signals SET status = status WHERE false),
     prune AS (DELETE FROM receipts WHERE false)
SELECT version FROM aerich WHERE app = 'models'
"""
"""Changes nothing, yet fails where a signal could not be stored: tables missing or locked, database read-only."""


class Readiness:
    """Tells whether a signal could be stored now. One probe at a time, however often it is asked.

    `failing` tells whether the latest attempt to store signals failed: some faults, like a full disk, only show then.
    `knows_keys` tells whether it is known who may sign.
    """

    def __init__(
        self, pool: Pool, failing: Callable[[], bool], limits: Limits, *, knows_keys: Callable[[], bool] = lambda: True
    ) -> None:
        self._pool = pool
        self._failing = failing
        self._knows_keys = knows_keys
        self._seconds = limits.readiness_seconds
        self._probe: asyncio.Task[str | None] | None = None

    async def obstacle(self) -> str | None:
        """Why the service cannot store signals, in a few words; None when it can. Takes at most 1.5 seconds."""
        return await self._answer() or self._own_obstacle()

    def _own_obstacle(self) -> str | None:
        if self._failing():
            return "writes fail"
        return None if self._knows_keys() else "keys of producers are not read yet"

    async def _answer(self) -> str | None:
        probe = self._probe
        if probe is None or probe.done():
            probe = self._probe = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({probe}, timeout=self._seconds)
        return probe.result() if done else "no answer"

    async def _ask(self) -> str | None:
        try:
            async with self._pool.connection() as connection:
                applied = {row["version"] for row in await connection.fetch(_PROBE)}
                missing = await self._pool.connector.missing(connection)
                await settle_and_tell(connection)  # behind a pooler a session may lead to another server than before
        except NotDurable as error:
            return f"not durable: {error}"
        except Unsettled as error:
            return str(error)
        except asyncpg.UndefinedTableError:
            return "migrations are missing: run `signals migrate`"
        except asyncpg.LockNotAvailableError:
            return "locked"
        except asyncpg.InsufficientPrivilegeError:
            return "not permitted"
        except Exception as error:
            log.warning("Database not reachable", exception=error)
            read_only = getattr(error, "sqlstate", None) == asyncpg.ReadOnlySQLTransactionError.sqlstate
            return "read-only" if read_only else "not reachable"
        if set(migration_files()) - applied:
            return "migrations are missing: run `signals migrate`"
        return _remedy(missing) if missing else None


def _remedy(missing: Mapping[str, int]) -> str:
    commands = (f"`ALTER ROLE ... SET {name} = '{limit / 1000:g}s'`" for name, limit in missing.items())
    return f"limits are missing: run {' and '.join(commands)}"
