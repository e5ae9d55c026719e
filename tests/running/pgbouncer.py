"""Debian's PgBouncer in front of the tests' PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam
from urllib.parse import parse_qs, unquote, urlsplit

from tests.programs import program
from tests.running.postgres import Database
from tests.running.waiting import wait_until


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.hostname or parse_qs(parts.query)["host"][0]


def _user(url: str) -> int:
    """PgBouncer refuses to run as root: then it runs as the user who may reach the server's socket."""
    socket = Path(_host(url)) / ".s.PGSQL.5432"
    return os.geteuid() or (socket.stat().st_uid if socket.exists() else getpwnam("nobody").pw_uid)


def _server(url: str) -> str:
    parts = urlsplit(url)
    host = _host(url)
    words = {"host": host, "port": parts.port, "user": parts.username, "password": unquote(parts.password or "")}
    return " ".join(f"{name}={word}" for name, word in words.items() if word)


@contextmanager
def pgbouncer(url: str, mode: str, *, connect_query: str = "", **settings: str) -> Iterator[str]:
    """The URL of the database at `url` through a PgBouncer with its defaults, but for what is given."""
    path = program("pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="signals-pgbouncer-"))
    folder.chmod(0o755)
    options = {"pool_mode": mode, "listen_port": "6432", "unix_socket_dir": str(folder), "auth_type": "any"} | settings
    query = f" connect_query='{connect_query}'" if connect_query else ""
    lines = ["[databases]", f"* = {_server(url)}{query}", "[pgbouncer]", *(f"{k} = {v}" for k, v in options.items())]
    (folder / "pgbouncer.ini").write_text("\n".join([*lines, ""]))
    user = _user(url)
    shutil.chown(folder, user)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([path, "pgbouncer.ini"], cwd=folder, user=user, stdout=log, stderr=log)
    try:
        wait_until((folder / ".s.PGSQL.6432").exists, "PgBouncer listens")
        yield f"postgresql://someone@/{urlsplit(url).path.strip('/')}?host={folder}&port=6432"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def limit_role(database: Database, **limits: str) -> None:
    """Limit the role of the tests as the documents say, but in this database alone."""
    name = database.value("SELECT current_database()")
    for setting, value in limits.items():
        database.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET {setting} = '{value}'")
