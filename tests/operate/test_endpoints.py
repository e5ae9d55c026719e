"""What the service tells about itself, and how requests for it are counted."""

import signal
from pathlib import Path

import pytest

from service import __version__
from tests.running.application import JSON, SIGNALS, figure, serving, signal_body
from tests.running.postgres import Database


@pytest.mark.anyio
async def test_health_does_not_touch_the_database(tmp_path: Path) -> None:
    async with serving(f"postgresql://nobody@/none?host={tmp_path}", signing=True) as client:
        answer = await client.get("/api/v1/health")
    assert answer.status_code == 200
    assert list(answer.json()) == ["status", "uptime_seconds"]
    assert answer.json()["status"] == "ok"
    assert answer.json()["uptime_seconds"] in {0, 1}


@pytest.mark.anyio
async def test_a_service_with_its_database_is_ready(shared_database: Database) -> None:
    async with serving(shared_database.url, signing=True) as client:
        answer = await client.get("/api/v1/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "dependencies": {"db": "connected"}})


@pytest.mark.anyio
async def test_a_service_without_its_tables_is_not_ready(empty_database: Database) -> None:
    async with serving(empty_database.url) as client:
        answer = await client.get("/api/v1/ready")
    reason = "migrations are missing: run `signals migrate`"
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "dependencies": {"db": reason}})
    assert answer.headers["retry-after"] == "1"


@pytest.mark.anyio
async def test_a_service_that_was_told_to_stop_is_not_ready_but_alive(shared_database: Database) -> None:
    async with serving(shared_database.url, signals_shutdown_delay_seconds=300) as client:
        signal.raise_signal(signal.SIGTERM)
        ready = await client.get("/api/v1/ready")
        health = await client.get("/api/v1/health")
        created = await client.post(SIGNALS, headers=JSON, content=signal_body())
    assert (ready.status_code, ready.json()["dependencies"]) == (503, {"db": "shutting down"})
    assert health.status_code == 200
    assert created.status_code == 201, "until the delay is over signals are still taken"


@pytest.mark.anyio
async def test_the_version_tells_what_is_running(shared_database: Database) -> None:
    async with serving(shared_database.url, app_env="staging", app_build="abc123", signing=True) as client:
        answer = await client.get("/api/v1/version")
    assert answer.json() == {"name": "signals", "version": __version__, "build": "abc123", "env": "staging"}


@pytest.mark.anyio
async def test_the_metrics_are_there_for_prometheus(shared_database: Database) -> None:
    async with serving(shared_database.url, app_build="abc123", signing=True) as client:
        await client.get("/api/v1/health")
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    labels = f'build="abc123",env="development",version="{__version__}"'
    assert f"signals_build_info{{{labels}}} 1.0" in answer.text
    assert 'http_requests_total{method="GET",route="/api/v1/health",status="200"}' in answer.text


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/version", "/metrics"])
@pytest.mark.anyio
async def test_what_can_be_read_can_be_asked_for_its_headers_alone(shared_database: Database, path: str) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.head(path)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/api/v1/health", "/api/v1/health", "200"),
        ("PUT", "/api/v1/signals", "/api/v1/signals", "405"),
        ("GET", "/free/text/of/anybody", "unmatched", "404"),
    ],
)
@pytest.mark.anyio
async def test_requests_are_counted_by_route_method_and_status(
    shared_database: Database, method: str, path: str, route: str, status: str
) -> None:
    before = figure("http_requests_total", route=route, method=method, status=status)
    async with serving(shared_database.url) as client:
        await client.request(method, path)
    assert figure("http_requests_total", route=route, method=method, status=status) == before + 1
