"""Whether the feed can be read now, and from where."""

from collections.abc import Mapping

from service.feed.statement import newest
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lives.snapshot import snapshot
from service.operate.endpoints import CONNECTED
from service.operate.readiness import Readiness
from service.postgres.pool import Pool
from service.standbys.standby import Standby, Use

_WORDS = {Use.AWAY: "not reachable", Use.LAGS: "lags", Use.LEADS: "leads", Use.UNKNOWN: "not known yet"}


class FeedReadiness(Readiness):
    """Tells whether pages of the feed can be read. One probe at a time, however often it is asked."""

    def __init__(self, pool: Pool, limits: Limits, standby: Standby | None) -> None:
        super().__init__(pool, lambda: False, limits)
        self._standby = standby

    async def dependencies(self) -> Mapping[str, str]:
        """What is said of each server that is read, `connected` or why it is not; one that is suffices. Takes at most
        1.5 seconds."""
        told = {"db": await self.obstacle() or CONNECTED}
        if self._standby is not None:
            told["standby"] = _WORDS[self._standby.obstacle] if self._standby.obstacle else CONNECTED
        return told

    async def _ask(self) -> str | None:
        try:
            async with self._pool.connection() as connection, snapshot(connection):
                await newest(connection)
        except Exception as error:
            log.warning("Database not readable", exception=error)
            return "not readable"
        return None
