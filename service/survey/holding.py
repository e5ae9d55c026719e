"""Who keeps stored signals from readers: a transaction that was begun before theirs, and is still open."""

from typing import Any

from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lives.horizon import HORIZON
from service.postgres.pool import Pool

_LAG = f"""
WITH {HORIZON}
SELECT extract(epoch FROM clock_timestamp() - s.created_at)::float FROM signals AS s
WHERE (s.epoch, s.xact) >= ((SELECT epoch FROM horizon), (SELECT xact FROM horizon))
ORDER BY s.epoch, s.xact, s.id LIMIT 1
"""  # nosec B608

_HOLDER = """
SELECT pid, prepared, database, seconds FROM (
    SELECT pid, NULL AS prepared, datname AS database, extract(epoch FROM now() - xact_start)::int AS seconds,
        age(backend_xid) AS age
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    UNION ALL
    SELECT NULL, gid, database, extract(epoch FROM now() - prepared)::int, age(transaction) FROM pg_prepared_xacts
) AS open ORDER BY age DESC LIMIT 1
"""
"""In any database of the server. A prepared transaction does not tell when it began."""


class Holding:
    """Measures how far readers are kept behind, and tells by whom."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._lag_seconds = limits.lag_seconds
        self._told: tuple[Any, ...] | None = None

    async def look(self) -> None:
        """Measure once; tell each holder once."""
        async with self._pool.connection() as connection:
            lag = await connection.fetchval(_LAG) or 0.0
            held = lag > self._lag_seconds
            holder = await connection.fetchrow(_HOLDER) if held else None
        metrics.feed_lag.set(lag)
        if held and holder is None:
            self._tell((None, None), {})
        elif holder is not None:
            self._tell((holder["pid"], holder["prepared"]), dict(holder))
        elif self._told is not None:
            self._told = None
            log.info("Feed is no longer held back")

    def _tell(self, who: tuple[Any, ...], facts: dict[str, Any]) -> None:
        """Nobody is named where the role may not see the sessions of others."""
        if who != self._told:
            log.warning("Feed is held back by an open transaction", **facts)
        self._told = who
