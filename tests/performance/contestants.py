"""Who takes part, and how each is started: with the fast settings that its own users would choose."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.performance.database import PostgreSQL
from tests.performance.signed import SECRET

FASTIFY = Path(__file__).parent / "fastify"
START_SECONDS = 30
STOP_SECONDS = 15


class CannotStart(Exception):
    """A contestant, or a program that the benchmark needs, is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to take in signals. `program` is `service`, `node`, `pgbench`, or the application that uvicorn serves."""

    key: str
    title: str
    program: str

    @property
    def database(self) -> str:
        """The name of its own database."""
        return f"bench_{self.key}"

    @property
    def stores(self) -> bool:
        """Whether it writes to its database at all."""
        return self != CEILING


RIVALS = "tests.performance.rivals"
OURS = Contestant("ours", "this service", "service")
FASTAPI = Contestant("a", "FastAPI, SQLAlchemy session per request", f"{RIVALS}.fastapi_sqlalchemy:app")
NODE = Contestant("b", "Fastify and `postgres` on Node", "node")
TORTOISE = Contestant("c", "Starlette, Tortoise `create` per request", f"{RIVALS}.starlette_tortoise:app")
CEILING = Contestant("d", "the ceiling: no check, no database", f"{RIVALS}.ceiling:app")
PGBENCH = Contestant("e", "pgbench, single-row insert, no HTTP", "pgbench")
CONTESTANTS = (OURS, FASTAPI, NODE, TORTOISE, CEILING, PGBENCH)


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant that is running, and what it prints."""

    contestant: Contestant
    port: int
    log: Path
    group: int
    """The process group that has all its processes, and nothing else."""

    @property
    def url(self) -> str:
        """Where it takes signals."""
        return f"http://127.0.0.1:{self.port}/api/v1/signals"

    def ready(self) -> bool:
        """Whether this service can take signals."""
        try:
            urlopen(f"http://127.0.0.1:{self.port}/api/v1/ready").close()
        except HTTPError:
            return False
        return True


def command(contestant: Contestant, port: int, workers: int) -> list[str]:
    """How to start a contestant that is a server."""
    place = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    if contestant.program == "service":
        return [sys.executable, "-m", "service", "serve", *place]
    if contestant.program == "node":
        return ["node", str(FASTIFY / "server.js")]
    fast = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", contestant.program, *place, *fast]


def environment(contestant: Contestant, postgresql: PostgreSQL, port: int, workers: int, pool: int) -> dict[str, str]:
    """The settings, the same for everyone."""
    return os.environ | postgresql.environment(contestant.database) | {
        "DATABASE_URL": postgresql.url(contestant.database),
        "DATABASE_POOL_SIZE": str(pool),
        "HMAC_PRODUCER_ENABLED": "true",
        "HMAC_PRODUCER_SECRET": SECRET,
        "APP_LOG_LEVEL": "info",
        "NODE_ENV": "production",
        "PORT": str(port),
        "WORKERS": str(workers),
    }  # fmt: skip


@contextmanager
def running(
    contestant: Contestant,
    postgresql: PostgreSQL,
    folder: Path,
    workers: int,
    pool: int,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """Runs a contestant until the block ends, with settings beside those of everyone. What it prints goes to
    `<key>.log` in `folder`.

    Raises CannotStart when it does not listen in time.
    """
    port = _free_port()
    log = folder / f"{contestant.key}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(contestant, port, workers),
            env=environment(contestant, postgresql, port, workers, pool) | dict(settings),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _await_listening(contestant, process, port, log)
        yield Server(contestant, port, log, process.pid)
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_listening(contestant: Contestant, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise CannotStart(f"{contestant.title} did not start:\n{log.read_text()[-2000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Asks first; then ends what is left of its process group, and only that."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def prepare(contestants: tuple[Contestant, ...]) -> None:
    """Sees that everything the contestants need is installed. Raises CannotStart with the command that installs it."""
    if shutil.which("wrk") is None:
        raise CannotStart("wrk, which drives the load, is missing: apt-get install wrk")
    if FASTAPI in contestants and not all(map(find_spec, ("fastapi", "sqlalchemy"))):
        raise CannotStart("FastAPI or SQLAlchemy is missing: pip install -e '.[bench]'")
    if NODE in contestants:
        prepare_node()


def prepare_node() -> None:
    """The same for the one on Node alone."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CannotStart("Node 20 or newer, with npm, is missing: install it, or leave out b with --only")
    if not (FASTIFY / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FASTIFY, check=True)
