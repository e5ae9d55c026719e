"""The standby of the settings, if they name one, with all that it takes to read it."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from service.feed.share import Share
from service.kernel.limits import Limits
from service.kernel.tasks import Work, repeated
from service.postgres.pool import Pool
from service.settings import Settings
from service.standbys.heartbeat import Heartbeat
from service.standbys.readiness import FeedReadiness
from service.standbys.standby import Standby, StandbyFirst, of_any_server


class Standbys:
    """Without DATABASE_READ_URL everything is read from the primary, whose connections are `share` of `pool`.

    `reads` are the connections for what may be read from a standby, `readiness` tells whether that can be read, `open`
    keeps the standby's pool, and `work` is to be done in the background meanwhile.
    """

    def __init__(self, settings: Settings, pool: Pool, share: Share, limits: Limits) -> None:
        self.reads = share
        self.open: AbstractAsyncContextManager[Any] = nullcontext()
        self.work: dict[str, Work] = {}
        standby: Standby | None = None
        if settings.database_read_url is not None:
            heartbeat = Heartbeat(pool, limits)
            standby = _standby(settings, settings.database_read_url.get_secret_value(), heartbeat, limits)
            self.reads = StandbyFirst(standby, share)
            self.open = standby.pool
            self.work = {
                "heartbeat": repeated("heartbeat", heartbeat.look, limits.standby_seconds),
                "standby": repeated("standby", standby.look, limits.standby_seconds),
            }
        self.readiness = FeedReadiness(pool, limits, standby)


def _standby(settings: Settings, url: str, heartbeat: Heartbeat, limits: Limits) -> Standby:
    size, lag = settings.database_pool_size, settings.signals_read_lag_seconds
    pool = Pool(of_any_server(url), limits, size=size)
    return Standby(pool, limits, lambda: heartbeat.newest, lag_seconds=lag, sessions=size)
