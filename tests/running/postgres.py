"""Throw-away databases on a real PostgreSQL.

The server is the one at the URL in TEST_DATABASE_URL (any PostgreSQL of version 15 or newer, its user a superuser),
or else an embedded one that this run starts and stops itself.
"""

import asyncio
import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from anyio.from_thread import BlockingPortal

from service.postgres.embedded import embedded_postgres
from tests.running.environment import service_environment

MEMORY = Path("/dev/shm")  # noqa: S108  # the file is made by `mkdtemp`
ROOM_BYTES = 2 * 1024**3

Row = Mapping[str, Any]


class Database:
    """A database of the tests' own, read and written with a connection of the tests' own."""

    def __init__(self, url: str, portal: BlockingPortal) -> None:
        self.url = url
        self._portal = portal
        self._connection: Any = None

    def fetch(self, statement: str, *values: object) -> list[Row]:
        """The rows of a query."""
        rows: list[Row] = self._portal.call(self._run, "fetch", statement, *values)
        return rows

    def value(self, statement: str, *values: object) -> Any:
        """The first column of the first row of a query."""
        return self._portal.call(self._run, "fetchval", statement, *values)

    def execute(self, statement: str, *values: object) -> None:
        """Run one statement, in a transaction of its own."""
        self._portal.call(self._run, "execute", statement, *values)

    async def _run(self, method: str, *arguments: object) -> Any:
        if self._connection is None:
            # A service in the event loop of the test has no turn while the test waits for what the service has locked.
            self._connection = await asyncpg.connect(self.url, server_settings={"lock_timeout": "30s"})
        return await getattr(self._connection, method)(*arguments)

    def by_way_of(self, url: str) -> Self:
        """The same database, with another URL for the service."""
        other = copy(self)
        other.url = url
        return other

    def abandon(self) -> None:
        """Give up the connection of the tests, whose server may not answer any more."""
        if self._connection is not None:
            self._portal.call(self._connection.terminate)
            self._connection = None

    def close(self) -> None:
        """Close the connection of the tests."""
        if self._connection is not None:
            self._portal.call(self._connection.close)
            self._connection = None


class PostgresServer:
    """Makes and drops the databases of one test process; those with tables are copies of one that was migrated."""

    def __init__(self, url: str, portal: BlockingPortal) -> None:
        self._url = url
        self._portal = portal
        self._maintenance = Database(url, portal)
        self._present: list[str] = []
        self._template: str | None = None

    @property
    def version(self) -> str:
        """The version of the server."""
        version: str = self._maintenance.value("SHOW server_version")
        return version

    def create(self, *, tables: bool = True) -> Database:
        """A new database, with the tables of the service or empty."""
        if not tables:
            return self._create("template0")
        if self._template is None:
            template = self._create("template0")
            migrate(template.url)
            self._template = _name(template.url)
        return self._create(self._template)

    def drop(self, database: Database) -> None:
        """Drop a database that was created, whoever is still connected to it."""
        database.close()
        self._drop(_name(database.url))

    def drop_all(self) -> None:
        """Drop every database that there still is."""
        for name in [*self._present]:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._present.remove(name)

    def close(self) -> None:
        """Close the connection with which databases are made."""
        self._maintenance.close()

    def _create(self, template: str) -> Database:
        name = f"signals_test_{uuid4().hex}"
        self._maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._present.append(name)
        return Database(urlunsplit(urlsplit(self._url)._replace(path=f"/{name}")), self._portal)


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def running_postgres(portal: BlockingPortal) -> Iterator[PostgresServer]:
    """A PostgreSQL server, the given one or a new one. The given one is left as it was found."""
    with ExitStack() as stack:
        given = os.environ.get("TEST_DATABASE_URL")
        url = given or stack.enter_context(_embedded())
        server = PostgresServer(url, portal)
        stack.callback(server.close)
        if given:
            stack.callback(server.drop_all)
        yield server


@contextmanager
def _embedded() -> Iterator[str]:
    directory = tempfile.mkdtemp(prefix="signals-test-", dir=_memory())
    # The wheel writes its lock file once more when the interpreter exits. What is registered first is run last.
    atexit.register(shutil.rmtree, directory)
    with embedded_postgres(Path(directory)) as url:
        asyncio.run(_allow_connections(url))
    with embedded_postgres(Path(directory)) as url:
        yield url


async def _allow_connections(url: str) -> None:
    """Some dozen services at once are more than a server usually has to do with; it takes this with its next start."""
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER SYSTEM SET max_connections = 500")
    await connection.close()


def _memory() -> Path | None:
    """A file system in memory with room for the server, if there is one. Nothing is turned off there, and no disk is
    waited for: commits and copies of databases take a tenth of the time."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


def migrate(url: str) -> None:
    """Bring the database at `url` up to date, as an operator does it."""
    subprocess.run(
        [sys.executable, "-m", "service", "migrate"],
        env=service_environment({"DATABASE_URL": url}),
        cwd=tempfile.gettempdir(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
