"""What is known beside the signals: which instruments there are, and how far a time is in the feed."""

import asyncpg

from service.feed.share import unavailable
from service.kernel.limits import Limits
from service.lives.horizon import FINAL, HORIZON
from service.postgres.pool import Pool

SURVEY_LOCK = 0x537572766579
"""The advisory lock that lets one process survey at a time: the ASCII bytes of `Survey`. Unlike the lock of a row it
gives the transaction no number, which would keep the end of the feed from readers."""

_SETTINGS = "SET LOCAL enable_sort = off; SET LOCAL jit = off; SET LOCAL synchronous_commit = off"
"""What is lost in a crash is surveyed again: who waited for the disk, or for a standby, would hold the feed back."""

_ORDER = "ORDER BY s.epoch, s.xact, s.id"

_NEXT = f"WHERE (s.epoch, s.xact, s.id) > ($1, $2::xid8, $3::uuid) AND {FINAL} {_ORDER}"

_SURVEY = f"""
WITH {HORIZON}, looked AS MATERIALIZED (
    SELECT * FROM (
        (SELECT s.epoch, s.xact, s.id, s.created_at AS at, s.instrument, coalesce(s.producer_id, '') AS producer,
            s.created_at, s.approval = 'required' AS waiting FROM signals AS s {_NEXT})
        UNION ALL
        (SELECT s.epoch, s.xact, s.id, s.at, s.instrument, coalesce(s.producer_id, ''),
            CASE WHEN s.approval = 'required' AND s.to_status = 1
                THEN (SELECT created_at FROM signals WHERE id = s.signal_id) END, false FROM transitions AS s {_NEXT})
    ) AS s {_ORDER} LIMIT $4
), last AS (
    SELECT epoch, xact, id, greatest((SELECT at FROM survey), (SELECT max(at) FROM looked)) AS at
    FROM looked ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1
), named AS (
    INSERT INTO instruments AS known (instrument, producer, latest, latest_waiting)
    SELECT instrument, producer, max(created_at) FILTER (WHERE NOT waiting), max(created_at) FILTER (WHERE waiting)
    FROM looked WHERE created_at IS NOT NULL GROUP BY instrument, producer
    ON CONFLICT (instrument, producer) DO UPDATE SET latest = greatest(known.latest, excluded.latest),
        latest_waiting = greatest(known.latest_waiting, excluded.latest_waiting)
), sampled AS (
    INSERT INTO horizons (at, epoch, xact, id) SELECT at, epoch, xact, id FROM last ON CONFLICT DO NOTHING
), moved AS (
    UPDATE survey SET epoch = last.epoch, xact = last.xact, id = last.id, at = greatest(survey.at, last.at)
    FROM last
)
SELECT count(*) FROM looked
"""  # nosec B608

_BEAT = """
SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off;
UPDATE survey SET at = clock_timestamp() WHERE ctid = (
    SELECT ctid FROM survey WHERE at < clock_timestamp() - interval '0.2 s' FOR UPDATE SKIP LOCKED
)
"""
"""It is one transaction, since it is sent at once: were there a way to this process within it, the process could stand
still there and hold the feed back. The time never goes back: it is later than that of all that was surveyed."""

_THIN = """
DELETE FROM horizons AS sample
WHERE at >= now() - make_interval(secs => 2 * $1) AND at < now() - make_interval(secs => $1) AND EXISTS (
    SELECT FROM horizons AS later
    WHERE later.at > sample.at AND later.at < date_trunc('minute', sample.at) + interval '1 minute'
)
"""


class Survey:
    """Looks once at all that happens, in its order, and writes down what is to be found quickly. It is never ahead of
    what readers may read, and a little behind."""

    def __init__(self, pool: Pool, limits: Limits, *, beats: bool = False) -> None:
        """With `beats` the time is written down when there was nothing more to look at."""
        self._beats = beats
        self._pool = pool
        self._rows_max = self._rows = limits.survey_rows
        self._samples_seconds = limits.samples_seconds

    async def look(self) -> None:
        """Look at what is new, in small bites, and in smaller ones after one that the database did not manage. Does
        nothing while another process does."""
        while (looked := await self._bite()) == self._rows:
            self._rows = min(self._rows_max, 2 * self._rows)
        if self._beats and looked is not None:
            async with self._pool.connection() as connection:
                await connection.execute(_BEAT)

    async def thin(self) -> None:
        """Keep one sample a minute of those that are old."""
        await self._pool.commit(self._thin)

    async def _bite(self) -> int | None:
        try:
            # Its commit waits for nobody, so it confirms nothing of what others have committed.
            async with self._pool.connection() as connection:
                return await self._look_at_some(connection)
        except unavailable:
            self._rows = max(1, self._rows // 2)
            raise

    async def _look_at_some(self, connection: asyncpg.Connection) -> int | None:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(_SETTINGS)
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", SURVEY_LOCK):
                return None
            place = await connection.fetchrow("SELECT epoch, xact, id FROM survey")
            looked: int = await connection.fetchval(_SURVEY, *place, self._rows)
            return looked

    async def _thin(self, connection: asyncpg.Connection) -> int:
        answer: str = await connection.execute(_THIN, self._samples_seconds)
        return int(answer.removeprefix("DELETE "))
