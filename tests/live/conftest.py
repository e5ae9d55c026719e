"""A service with short times, shared by these tests, and what they say to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from tests.running.postgres import Database, PostgresServer
from tests.running.service_process import ServiceProcess, limited
from tests.speaking.event_stream import EventStream
from tests.speaking.exchange import SIGNALS

HEARTBEAT_SECONDS = 0.5


class Live:
    """A running service, and streams of it."""

    def __init__(self, service: ServiceProcess, database: Database, things: ExitStack) -> None:
        self.service = service
        self.database = database
        self._things = things

    def open(self, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **how: Any) -> EventStream:
        """A new stream."""
        return self._things.enter_context(EventStream(self.service.url, query, headers, **how))

    def store(self, instrument: str = "XAUUSD", producer: str | None = None, payload: str = "{}") -> str:
        """Send a signal; returns its id."""
        body = f'{{"instrument":"{instrument}","side":0,"time":"2026-01-31T12:00:00Z","payload":{payload}}}'
        headers = {"Content-Type": "application/json", **({"X-Producer-Id": producer} if producer else {})}
        answer = self.service.client.post(self.service.url + SIGNALS, content=body.encode(), headers=headers)
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    def figure(self, name: str) -> float:
        """What a metric of the service stands at."""
        text = self.service.client.get(f"{self.service.url}/metrics").text
        return next((float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)


@pytest.fixture(scope="package")
def shared_service(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceProcess, Database]]:
    """A service for all of these tests."""
    database = postgres.create()
    limits = limited(heartbeat_seconds=HEARTBEAT_SECONDS)
    settings = {"DATABASE_URL": database.url, "SIGNALS_IDLE_SECONDS": "1", **limits}
    service = ServiceProcess(tmp_path_factory.mktemp("live"), settings)
    service.wait_until_ready()
    yield service, database
    service.stop()
    database.close()


@pytest.fixture
def live(shared_service: tuple[ServiceProcess, Database]) -> Iterator[Live]:
    """The shared service, and streams that end with the test."""
    with ExitStack() as things:
        yield Live(*shared_service, things)
