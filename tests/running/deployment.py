"""The service of one scenario: shared with others that want the same configuration, or one of the scenario's own."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
from anyio.from_thread import BlockingPortal

from tests.running.environment import given_secret
from tests.running.fleet import Configuration, Fleet, Running
from tests.running.marks import Marks
from tests.running.pgbouncer import limit_role, pgbouncer
from tests.running.postgres import Database
from tests.running.proxy import DatabaseProxy, database_proxy
from tests.running.service_process import ServiceProcess
from tests.running.two_servers import TwoServers, two_servers

SECRET = given_secret() or b"A-secret-known-to-the-tests-alone-0123456789"

_REFUSE_OLD_SESSIONS = """
CREATE FUNCTION refuse_old_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()) < TG_ARGV[0]::timestamptz THEN
        RAISE read_only_sql_transaction;
    END IF;
    RETURN NULL;
END $$
"""


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
    way to its database can be broken.
    """

    marks = Marks()

    def __init__(self, fleet: Fleet, portal: BlockingPortal) -> None:
        self._fleet = fleet
        self._portal = portal
        self._configuration = Configuration()
        self._time: datetime | None = None
        self._running: Running | None = None
        self._proxy: DatabaseProxy | None = None
        self._servers: TwoServers | None = None
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

    def demand_signing(self, on: bool) -> None:
        """Give the service the secret of the tests, or none."""
        if on:
            self.configure(HMAC_PRODUCER_ENABLED="true", HMAC_PRODUCER_SECRET=SECRET.decode())
        else:
            self.configure(HMAC_PRODUCER_ENABLED="false")

    def start_own(self, *, tables: bool = True, database_away: bool = False) -> None:
        """Start a service for this scenario alone, and wait until it is ready, if it can be."""
        postgres = self._fleet.postgres
        database = postgres.create(tables=tables)
        self._cleanup.callback(postgres.drop, database)
        self._proxy = self._cleanup.enter_context(self._portal.wrap_async_context_manager(database_proxy(database.url)))
        if database_away:
            self._portal.call(self._proxy.cut)
        running = Running(self._configuration, database, self._proxy.url)
        self._cleanup.callback(running.retire)
        self._cleanup.callback(self.mend_database)
        if tables and not database_away:
            running.service.wait_until_ready()
        self._begin(running)

    def start_on_two_servers(self, template: Path, *, readers: bool = False) -> None:
        """Start a service for this scenario alone, whose database acknowledges nothing that a second server lacks, and
        which may send `readers` to that."""
        self._servers = self._cleanup.enter_context(two_servers(template, self._portal))
        if readers:
            self.configure(DATABASE_READ_URL=self._servers.second)
        database = Database(self._servers.first, self._portal)
        running = Running(self._configuration, database, self._servers.proxy.url)
        self._cleanup.callback(running.retire)
        running.service.wait_until_ready()
        self._begin(running)

    @property
    def servers(self) -> TwoServers:
        """The two servers of the database, where it is two."""
        assert self._servers is not None, "the database is one server"
        return self._servers

    def take_over(self, reason: str) -> None:
        """Let the second server be the database from now on; what is stored is looked for there."""
        self.database.abandon()
        self.running.database = Database(self.servers.lose_first(reason), self._portal)

    def start_behind_a_pooler(self, **limits: str) -> None:
        """Start a service for this scenario alone, whose role has these limits, behind a PgBouncer."""
        database = self._fleet.postgres.create()
        limit_role(database, **limits)
        url = self._cleanup.enter_context(pgbouncer(database.url, "transaction"))
        running = Running(self._configuration, database, url)
        self._cleanup.callback(running.retire)
        self._begin(running)

    def _begin(self, running: Running) -> Running:
        self._running = running
        self._beginning = Beginning.of(running)
        if self._time is not None:
            running.show_time(self._time)
        return running

    @property
    def started(self) -> bool:
        """Whether the service runs already."""
        return self._running is not None

    @property
    def running(self) -> Running:
        """The service of this scenario, started if it has to be."""
        return self._running or self._begin(self._fleet.shared(self._configuration))

    @property
    def service(self) -> ServiceProcess:
        """The process of the service."""
        return self.running.service

    @property
    def url(self) -> str:
        """Where the service listens."""
        return self.service.url

    @property
    def client(self) -> httpx.Client:
        """Connections to the service."""
        return self.service.client

    @property
    def database(self) -> Database:
        """The database of the service, reached past its proxy."""
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
        self._portal.call(self._own_proxy().cut)

    def lose_commits(self, times: int) -> None:
        """Break the way to the database of a service of this scenario's own right after so many commits."""
        self._own_proxy().cut_commits(times, even_empty=True)

    def stall_database(self) -> None:
        """Let the database of a service of this scenario's own not answer any more."""
        self._portal.call(self._own_proxy().stall)

    def mend_database(self) -> None:
        """Give the database back."""
        self._portal.call(self._own_proxy().mend)

    def replace_database(self) -> None:
        """Let another server take over, as far as a session can tell: those that there are take no writes any more."""
        self._own_proxy()
        self.database.execute(_REFUSE_OLD_SESSIONS)
        now = self.database.value("SELECT clock_timestamp()")
        trigger = f"EXECUTE FUNCTION refuse_old_sessions('{now}')"
        self.database.execute(f"CREATE TRIGGER refuse_old_sessions BEFORE INSERT ON signals {trigger}")

    def _own_proxy(self) -> DatabaseProxy:
        if self._running is None:
            self.start_own()
        assert self._proxy is not None, "the service is shared with other scenarios"
        return self._proxy

    def close(self) -> None:
        """End the scenario: stop a service of its own, and check a shared one for complaints."""
        with self._cleanup:
            if self._running is not None:
                self._running.service.check(self.beginning.log_position)
