"""Throw-away databases on a real PostgreSQL.

The server is the one at the URL in TEST_DATABASE_URL (any PostgreSQL of version 15 or newer, its user a superuser),
or else an embedded one that this run starts and stops itself.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from anyio.from_thread import BlockingPortal

from service.postgres.embedded import embedded_postgres
from tests.running.environment import service_environment

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
            self._connection = await asyncpg.connect(self.url)
        return await getattr(self._connection, method)(*arguments)

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
        self._prefix = f"signals_test_{uuid4().hex[:12]}"
        self._names: list[str] = []
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
            self._template = self._names[-1]
        return self._create(self._template)

    def drop_all(self) -> None:
        """Drop every database that was created, whoever is still connected to it."""
        for name in self._names:
            self._maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Close the connection with which databases are made."""
        self._maintenance.close()

    def _create(self, template: str) -> Database:
        name = f"{self._prefix}_{len(self._names)}"
        self._maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._names.append(name)
        return Database(urlunsplit(urlsplit(self._url)._replace(path=f"/{name}")), self._portal)


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
    directory = tempfile.mkdtemp(prefix="signals-test-")
    # The wheel writes its lock file once more when the interpreter exits. What is registered first is run last.
    atexit.register(shutil.rmtree, directory)
    with embedded_postgres(Path(directory)) as url:
        yield url


def migrate(url: str) -> None:
    """Bring the database at `url` up to date, as an operator does it."""
    subprocess.run(
        [sys.executable, "-m", "service", "migrate"],
        env=service_environment({"DATABASE_URL": url}),
        cwd=tempfile.gettempdir(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
