"""A service archives by itself what is old enough."""

from datetime import timedelta
from pathlib import Path

from service.archive.archiving import Archiving
from service.erasure.transitions import ARCHIVE_LOCK
from service.kernel import metrics
from service.kernel.logs import log
from service.months.turn import alone


class Retention:
    """Archives each whole month that is older than so many days, into a folder. One process does it at a time."""

    def __init__(self, url: str, days: int, folder: Path) -> None:
        self._url = url
        self._age = timedelta(days=days)
        self._folder = folder.resolve()

    async def look(self) -> None:
        """Archive what is old enough now."""
        async with alone(self._url, ARCHIVE_LOCK) as connection:
            if connection is None:
                return
            archiving = Archiving(connection, self._folder)
            for month in await archiving.run(self._age):
                metrics.archived.inc(month.signals)
                log.info("Month archived", month=month.month, signals=month.signals, file=month.file)
            for table in archiving.left:
                log.warning("Old month is not archived: expired signals of it are not closed", table=table)
