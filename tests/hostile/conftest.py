"""A service that is short of patience, and whose database never answers; and one that stores what is signed."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running.deployment import SECRET
from tests.running.fleet import Configuration, Fleet, Running
from tests.running.service_process import ServiceProcess

IDLE_SECONDS = 0.8
RECEIVE_SECONDS = 1.2
"""Longer than the idle limit, so that a test can tell the two apart."""

HEAD_MAX_BYTES = 8192
PAYLOAD_MAX_BYTES = 1000
BODY_MAX_BYTES = 6 * PAYLOAD_MAX_BYTES + 4096


@pytest.fixture(scope="session")
def impatience() -> Iterator[Mapping[str, str]]:
    """The settings. A connection to the database is made, and then nothing is heard: an answer that needs the
    database takes its time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield {
            "DATABASE_URL": f"postgresql://nobody:nothing@127.0.0.1:{silent.getsockname()[1]}/none",
            "SIGNALS_IDLE_SECONDS": str(IDLE_SECONDS),
            "SIGNALS_RECEIVE_SECONDS": str(RECEIVE_SECONDS),
            "SIGNALS_HEAD_MAX_BYTES": str(HEAD_MAX_BYTES),
            "SIGNALS_PAYLOAD_MAX_BYTES": str(PAYLOAD_MAX_BYTES),
        }


@pytest.fixture(scope="session")
def service(impatience: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that all tests share."""
    running = ServiceProcess(tmp_path_factory.mktemp("service"), impatience)
    running.wait_until_alive()
    yield running
    running.stop()


@pytest.fixture
def patient_service(impatience: Mapping[str, str], tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that waits half a minute for everything, and that the test may stop."""
    patience = {"SIGNALS_IDLE_SECONDS": "30", "SIGNALS_RECEIVE_SECONDS": "30"}
    running = ServiceProcess(tmp_path, {**impatience, **patience})
    running.wait_until_alive()
    yield running
    running.stop()


@pytest.fixture
def running(fleet: Fleet) -> Iterator[Running]:
    """A service with signing on and a database of its own, which must not log an error whatever it is sent."""
    with unfailing(fleet) as running:
        yield running


@contextmanager
def unfailing(fleet: Fleet, **settings: str) -> Iterator[Running]:
    """Such a service, with more settings."""
    signing = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET.decode()}
    running = fleet.shared(Configuration(tuple({**signing, **settings}.items())))
    position = len(running.service.log)
    yield running
    running.service.check(position)
    assert {line["level"] for line in running.service.log.since(position)} <= {"info", "warning"}
