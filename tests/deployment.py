"""Running services for scenarios: one for each configuration that is asked for, or one of a scenario's own."""

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from anyio.from_thread import BlockingPortal

from tests.database_link import DatabaseLink, database_link
from tests.postgres import Database, PostgresServer
from tests.service_process import SERVE, SERVE_WITH_CLOCK, ServiceProcess

SECRET = b"A-secret-known-to-the-tests-alone-0123456789"


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
            "TEST_CLOCK": str(self._clock),
            **dict(self._configuration.settings),
        }
        program = SERVE_WITH_CLOCK if self._configuration.own_clock else SERVE
        service = ServiceProcess(self._directory, settings, workers=self._configuration.workers, program=program)
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
    """The services that scenarios share. They run until the end of the test run."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self._running: dict[Configuration, Running] = {}

    def shared(self, configuration: Configuration) -> Running:
        """The ready service with this configuration, for a scenario that leaves it as it found it."""
        if configuration not in self._running:
            database = self.postgres.create()
            running = Running(configuration, database, database.url)
            self._running[configuration] = running
            running.service.wait_until_ready()
        return self._running[configuration]

    def retire(self) -> None:
        """Stop them all, also when one of them does not stop in good order."""
        with ExitStack() as stack:
            for running in self._running.values():
                running.service.tell_to_stop()
                stack.callback(running.retire)


@dataclass(frozen=True)
class Beginning:
    """How things were before the scenario did anything."""

    signals: int
    database_time: datetime
    log_position: int

    @classmethod
    def of(cls, running: Running) -> Self:
        """How things are now."""
        has_tables = running.database.value("SELECT to_regclass('signals') IS NOT NULL")
        return cls(
            running.database.value("SELECT count(*) FROM signals") if has_tables else 0,
            running.database.value("SELECT clock_timestamp()"),
            len(running.service.log),
        )


class Deployment:
    """The service of one scenario: described first, started when it is first needed.

    It is shared with other scenarios of the same description, unless the scenario asks for one of its own, whose
    link to its database can be broken.
    """

    def __init__(self, fleet: Fleet, portal: BlockingPortal) -> None:
        self._fleet = fleet
        self._portal = portal
        self._configuration = Configuration()
        self._time: datetime | None = None
        self._running: Running | None = None
        self._link: DatabaseLink | None = None
        self._beginning: Beginning | None = None
        self._cleanup = ExitStack()

    def configure(self, **settings: str) -> None:
        """Give the service settings."""
        assert self._running is None, "the service runs already"
        together = {**dict(self._configuration.settings), **settings}
        self._configuration = replace(self._configuration, settings=tuple(sorted(together.items())))

    def use_workers(self, workers: int) -> None:
        """Let the service run in so many worker processes."""
        assert self._running is None, "the service runs already"
        self._configuration = replace(self._configuration, workers=workers)

    def show_time(self, instant: datetime) -> None:
        """Set the clock of the service; this can be done again while it runs."""
        self._time = instant
        self._configuration = replace(self._configuration, own_clock=True)
        if self._running is not None:
            self._running.show_time(instant)

    def now(self) -> datetime:
        """What the clock of the service shows."""
        return self._time or datetime.now(UTC)

    @property
    def signing(self) -> bool:
        """Whether the service demands signatures."""
        return ("HMAC_PRODUCER_ENABLED", "true") in self._configuration.settings

    def start_own(self, *, tables: bool = True, database_away: bool = False) -> None:
        """Start a service for this scenario alone, and wait until it is ready, if it can be."""
        database = self._fleet.postgres.create(tables=tables)
        self._link = self._cleanup.enter_context(self._portal.wrap_async_context_manager(database_link(database.url)))
        if database_away:
            self._portal.call(self._link.cut)
        running = Running(self._configuration, database, self._link.url)
        self._cleanup.callback(running.retire)
        self._cleanup.callback(self.mend_database)
        if tables and not database_away:
            running.service.wait_until_ready()
        self._begin(running)

    def _begin(self, running: Running) -> Running:
        self._running = running
        self._beginning = Beginning.of(running)
        if self._time is not None:
            running.show_time(self._time)
        return running

    @property
    def running(self) -> Running:
        """The service of this scenario, started if it has to be."""
        return self._running or self._begin(self._fleet.shared(self._configuration))

    @property
    def service(self) -> ServiceProcess:
        """The process of the service."""
        return self.running.service

    @property
    def database(self) -> Database:
        """The database of the service, reached past its link."""
        return self.running.database

    @property
    def beginning(self) -> Beginning:
        """How things were when the scenario began."""
        _ = self.running
        assert self._beginning is not None
        return self._beginning

    def restart(self) -> None:
        """Stop the service and start another on the same database; its log begins anew."""
        beginning = self.beginning
        self.running.restart()
        self._beginning = replace(beginning, log_position=0)

    def cut_database(self) -> None:
        """Take the database away from a service of this scenario's own."""
        self._portal.call(self._own_link().cut)

    def stall_database(self) -> None:
        """Let the database of a service of this scenario's own not answer any more."""
        self._portal.call(self._own_link().stall)

    def mend_database(self) -> None:
        """Give the database back."""
        self._portal.call(self._own_link().mend)

    def _own_link(self) -> DatabaseLink:
        if self._running is None:
            self.start_own()
        assert self._link is not None, "the service is shared with other scenarios"
        return self._link

    def close(self) -> None:
        """End the scenario: stop a service of its own, and check a shared one for complaints."""
        with self._cleanup:
            if self._running is not None:
                self._running.service.check(self.beginning.log_position)
