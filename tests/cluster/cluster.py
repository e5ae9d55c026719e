"""A cluster: starting it, hurting it, and leaving nothing behind."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

from tests.cluster import network, processes
from tests.cluster.asking import ask
from tests.cluster.configuration import OWNER, SERVICE, daemons, plain_environment, service
from tests.cluster.layout import HOSTS, NODES, PROXY_HOST, SERVICES, Layout
from tests.cluster.patroni import Patroni
from tests.observing.figures import sample, samples
from tests.running.environment import ROOT, service_environment
from tests.running.grants import GRANTS, LIMITS
from tests.running.processes import send
from tests.running.waiting import until, until_true

FIRST_SECONDS = 300.0
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
FREE_SECONDS = 15.0

_FORGOTTEN = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND xact_start < now() - interval '5 s'"

_OF_STANDBYS = sample("signals_standby_reads_total", result="read")

_ROLES = f"""
CREATE ROLE {OWNER} LOGIN PASSWORD '{{password}}';
CREATE ROLE {SERVICE} LOGIN PASSWORD '{{password}}';
"""


class Cluster:
    """The programs of a layout. A place is a folder below its own: `node1` is a whole machine, `node1/patroni` and
    `node1/postgresql` are programs of it; `service1`, `database` (HAProxy before PostgreSQL) and `entrance` (HAProxy
    before the services) are one program each."""

    def __init__(self, layout: Layout, settings: Mapping[str, str]) -> None:
        self.layout = layout
        self.patroni = Patroni(layout)
        self._settings = settings
        self._daemons = daemons(layout, settings)
        self._started: list[tuple[str, subprocess.Popen[bytes]]] = []

    @property
    def port(self) -> int:
        """The port of the entrance."""
        return self.layout.ports.entrance

    async def begin(self) -> None:
        """Start all of it; returns when signals are stored and a standby confirms them."""
        for place in self._daemons:
            if place not in (*SERVICES, "entrance"):
                self.start(place)
        await self.patroni.until_healthy(FIRST_SECONDS)
        await self._make_database()
        for place in (*SERVICES, "entrance"):
            self.start(place)
        for name in (*SERVICES, "entrance"):
            await self.until_ready(name)

    async def _make_database(self) -> None:
        node = await self.patroni.leader()
        connection = await self.superuser(node, "postgres")
        try:
            await connection.execute(_ROLES.format(password=self.layout.password))
            await connection.execute(LIMITS.replace("service_role", SERVICE))
            await connection.execute(f"CREATE DATABASE signals OWNER {OWNER}")
        finally:
            await connection.close()
        await until_true(self._takes_connections, "the way to the leader is there")
        await self.migrate(ROOT)
        connection = await self.superuser(node)
        try:
            await connection.execute(GRANTS.replace("service_role", SERVICE))
        finally:
            await connection.close()

    async def _takes_connections(self) -> bool:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            connection = await asyncpg.connect(self.owner_url, timeout=2, statement_cache_size=0)
            await connection.close()
            return True
        return False

    @property
    def owner_url(self) -> str:
        """The database for those who may change its tables, by the way that the services take."""
        return self.layout.url(self.layout.ports.write, OWNER)

    async def migrate(self, source: Path, *options: str) -> None:
        """`signals migrate` of the release at `source`, through HAProxy and PgBouncer."""
        environment = {**service_environment({"DATABASE_URL": self.owner_url}), "PYTHONPATH": str(source)}
        command = (sys.executable, "-m", "service", "migrate", *options)
        with (self.layout.folder / "migrations.log").open("ab") as log:
            migration = await asyncio.create_subprocess_exec(
                *command, env=environment, cwd=self.layout.folder, stdout=log, stderr=log
            )
            assert await migration.wait() == 0, "signals migrate failed"

    async def superuser(self, node: str, database: str = "signals") -> Any:
        """A connection to the PostgreSQL of a node itself."""
        port, password = self.layout.ports.postgresql, self.layout.password
        given = {"user": "postgres", "password": password, "database": database, "timeout": 2, "command_timeout": 60}
        return await asyncpg.connect(host=HOSTS[node], port=port, **given)

    async def until_free(self) -> None:
        """Return when no service has a transaction open for long: it holds locks, and may hold the feed."""
        connection = await self.superuser(await self.patroni.leader())

        async def free() -> bool:
            return bool(await connection.fetchval(_FORGOTTEN, SERVICE) == 0)

        try:
            await until_true(free, "no transaction is forgotten", FREE_SECONDS)
        finally:
            await connection.close()

    def start(self, place: str) -> None:
        """Start a program; it is ready a moment later."""
        daemon = self._daemons[place]
        folder = self.layout.folder / place
        owner = _database_owner() if daemon.of_database else None
        for each in (folder.parent, folder):
            each.mkdir(mode=0o755, exist_ok=True)
            if owner is not None:
                shutil.chown(each, owner)
        for name, text in daemon.files.items():
            _write(folder / name, text, owner)
        with self.log(place).open("ab") as log:
            started = subprocess.Popen(
                daemon.command,
                env=daemon.environment or plain_environment(folder),
                cwd=folder,
                user=owner,
                group=None if owner is None else pwd.getpwnam(owner).pw_gid,
                extra_groups=None if owner is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append((place, started))

    def start_all(self, place: str) -> None:
        """Start all programs of a place that do not run, as a machine does when it boots."""
        for each in self._daemons:
            if f"{each}/".startswith(f"{place}/") and not self.running(each):
                self.start(each)

    def mend(self) -> None:
        """Let everything run, whatever a test has left undone that failed."""
        network.clear(self.layout)
        send(signal.SIGCONT, processes.running_in(self.layout.folder))
        for place in self._daemons:
            self.start_all(place)

    def running(self, place: str) -> bool:
        """Whether something runs at a place."""
        return bool(processes.running_in(self.layout.folder / place))

    def log(self, place: str) -> Path:
        """What a program has said."""
        return self.layout.folder / place / "log"

    async def kill(self, place: str) -> None:
        """`kill -9` of all that runs at a place; returns when it is gone."""
        await processes.kill(self.layout.folder / place)
        self._bury()

    def freeze(self, place: str) -> None:
        """SIGSTOP of all that runs at a place."""
        processes.hold_still(self.layout.folder / place)

    def thaw(self, place: str) -> None:
        """Let it go on."""
        send(signal.SIGCONT, processes.running_in(self.layout.folder / place))

    async def stop(self, place: str) -> None:
        """SIGTERM of a program, as a supervisor sends it; returns when it has ended."""
        [first] = [started for where, started in self._started if where == place and started.poll() is None]
        first.terminate()
        await until(lambda: not self.running(place), f"{place} has stopped", STOP_SECONDS)

    def replace(self, name: str, source: Path) -> None:
        """Start a service from another release from now on."""
        self._daemons[name] = service(self.layout, name, self._settings, source)

    async def until_ready(self, name: str) -> None:
        """Return when a service says that signals can be stored, or when one does so through the entrance."""
        port = getattr(self.layout.ports, name)

        async def ready() -> bool:
            status, _ = await ask(PROXY_HOST, port, "/api/v1/ready", patience=5.0)
            return status == 200

        await until_true(ready, f"{name} is ready", READY_SECONDS)

    async def pages_of_standbys(self) -> int:
        """How many reads the services that run now have had of standbys, once they are ready."""
        for name in SERVICES:
            await self.until_ready(name)
        ports = [getattr(self.layout.ports, name) for name in SERVICES]
        told = [await ask(PROXY_HOST, port, "/metrics", patience=5.0) for port in ports]
        return sum(int(samples(body.decode())[_OF_STANDBYS]) for _, body in told)

    def _bury(self) -> None:
        """Let no child of this process stay a zombie."""
        self._started = [(place, started) for place, started in self._started if started.poll() is None]

    async def end(self) -> None:
        """Get rid of whatever is still running, and of all that it has left: folders, rules, shared memory."""
        network.clear(self.layout)
        segments = [segment for node in NODES for segment in _shared_memory(self.layout.data(node))]
        await processes.kill(self.layout.folder)
        for _, started in self._started:
            started.wait()
        _remove_shared_memory(segments)
        shutil.rmtree(self.layout.folder)


def _database_owner() -> str | None:
    """PostgreSQL and PgBouncer refuse to run as root: Debian has made a user for them. None is who runs this."""
    return "postgres" if os.geteuid() == 0 else None


def _write(path: Path, text: str, owner: str | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    if owner is not None:
        shutil.chown(path, owner)


def _shared_memory(data: Path) -> list[str]:
    """The segment that a PostgreSQL leaves behind that was killed: the seventh line of its lock file has its number.

    https://www.postgresql.org/docs/current/storage-file-layout.html
    """
    try:
        return (data / "postmaster.pid").read_text().splitlines()[6].split()[1:]
    except (OSError, IndexError):
        return []


def _remove_shared_memory(segments: Sequence[str]) -> None:
    for segment in segments:
        subprocess.run(["ipcrm", "--shmem-id", segment], capture_output=True, check=False)
