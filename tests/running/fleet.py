"""Running services, one for each configuration that is asked for."""

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.running.postgres import Database, PostgresServer
from tests.running.service_process import CLOCK, ServiceProcess

KEPT = 6
"""So many services run on for the next scenarios: each costs a little even when nobody uses it."""


@dataclass(frozen=True)
class Configuration:
    """What makes one service different from another. With `own_clock` its clock shows what a file says."""

    settings: tuple[tuple[str, str], ...] = ()
    workers: int = 1
    own_clock: bool = False


class Running:
    """A service, its database, and the folder in which it runs. Alive when made, but perhaps not ready."""

    def __init__(self, configuration: Configuration, database: Database, url: str) -> None:
        self.database = database
        self._configuration = configuration
        self._url = url
        self._directory = Path(tempfile.mkdtemp(prefix="signals-service-"))
        self.show_time(datetime.now(UTC))
        self.service = self._start()

    def _start(self) -> ServiceProcess:
        settings = {
            "DATABASE_URL": self._url,
            "DATABASE_POOL_SIZE": "4",
            **({CLOCK: str(self._clock)} if self._configuration.own_clock else {}),
            **dict(self._configuration.settings),
        }
        service = ServiceProcess(self._directory, settings, workers=self._configuration.workers)
        service.wait_until_alive()
        return service

    @property
    def _clock(self) -> Path:
        return self._directory / "clock"

    def show_time(self, instant: datetime) -> None:
        """Set the clock of a service with a clock of its own, at once and for all its processes."""
        draft = self._directory / "clock.new"
        draft.write_text(instant.isoformat())
        draft.replace(self._clock)

    def restart(self) -> None:
        """Replace the service by another on the same database."""
        self.service.stop()
        self.service = self._start()
        self.service.wait_until_ready()

    def retire(self) -> None:
        """Stop the service for good, and remove what it leaves."""
        try:
            self.service.stop()
        finally:
            self.database.close()
            shutil.rmtree(self._directory)


class Fleet:
    """The services that scenarios share. They run until the end of the test run, or until others were wanted since."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self._running: dict[Configuration, Running] = {}

    def shared(self, configuration: Configuration) -> Running:
        """The ready service with this configuration, for a scenario that leaves it as it found it."""
        if configuration in self._running:
            self._running[configuration] = self._running.pop(configuration)
        else:
            self._start(configuration)
        return self._running[configuration]

    def _start(self, configuration: Configuration) -> None:
        database = self.postgres.create()
        self._running[configuration] = running = Running(configuration, database, database.url)
        running.service.wait_until_ready()
        if len(self._running) > KEPT:
            longest_unused = next(iter(self._running))
            self._running.pop(longest_unused).retire()

    def retire(self) -> None:
        """Stop them all, also when one of them does not stop in good order."""
        with ExitStack() as stack:
            for running in self._running.values():
                running.service.tell_to_stop(hang_up=True)
                stack.callback(running.retire)
