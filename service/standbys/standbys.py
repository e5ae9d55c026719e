"""The standby of the settings, if they name one, with all that it takes to read it."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from service.feed.share import Share
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.tasks import Work, repeated
from service.postgres.pool import Pool
from service.settings import Settings
from service.standbys.heartbeat import Heartbeat
from service.standbys.readiness import FeedReadiness
from service.standbys.standby import Standby, StandbyFirst, Use, of_any_server


class Standbys:
    """Without DATABASE_READ_URL there are not `any`, and everything is read from the primary at `pool`.

    `share` are the connections for those who read, `readiness` tells whether they could, `open` keeps the standby's
    pool, and `work` is to be done in the background meanwhile.
    """

    def __init__(self, settings: Settings, pool: Pool, limits: Limits) -> None:
        sessions = max(1, min(limits.reading_sessions, settings.database_pool_size // 2))
        self.share = Share(pool, limits, sessions=sessions)
        self.open: AbstractAsyncContextManager[Any] = nullcontext()
        self.work: dict[str, Work] = {}
        self.any = settings.database_read_url is not None
        standby: Standby | None = None
        if settings.database_read_url is not None:
            heartbeat = Heartbeat(pool, lag_seconds=settings.signals_read_lag_seconds)
            standby = _standby(settings, settings.database_read_url.get_secret_value(), heartbeat, limits)
            self.share = StandbyFirst(pool, limits, standby, sessions=sessions)
            self.open = standby.pool
            self.work = {
                "heartbeat": repeated("heartbeat", heartbeat.look, limits.standby_seconds),
                "standby": repeated("standby", standby.look, limits.standby_seconds),
            }
        for use in Use:
            metrics.standby_reads.labels(use)
        self.readiness = FeedReadiness(pool, limits, standby)


def _standby(settings: Settings, url: str, heartbeat: Heartbeat, limits: Limits) -> Standby:
    size, lag = settings.database_pool_size, settings.signals_read_lag_seconds
    pool = Pool(of_any_server(url), limits, size=size)
    return Standby(pool, limits, heartbeat, lag_seconds=lag, sessions=max(1, size - 1))  # one for who looks
