"""A service with short times, shared by these tests, and what is said to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest

from tests.running.postgres import Database, PostgresServer
from tests.running.service_process import ServiceProcess, limited
from tests.running.waiting import wait_until
from tests.speaking.event_stream import EventStream
from tests.speaking.exchange import SIGNALS

HEARTBEAT_SECONDS = 0.5
IDLE_SECONDS = 2

Starting = Callable[..., AbstractContextManager["Live"]]


class Live:
    """A service that runs, and streams of it."""

    def __init__(self, service: ServiceProcess, database: Database, things: ExitStack) -> None:
        self.service = service
        self.database = database
        self._things = things

    def open(
        self, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **how: Any
    ) -> EventStream:
        """A new stream."""
        return self._things.enter_context(EventStream(self.service.url, query, headers, **how))

    def opened(self, query: Mapping[str, Any] | None = None, **how: Any) -> EventStream:
        """The same once it has said where it begins."""
        stream = self.open(query, **how)
        assert stream.status == 200, stream.refusal()
        assert stream.next() is not None
        return stream

    def store(self, instrument: str = "XAUUSD", *, producer: str | None = None, payload: str = "{}") -> str:
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
        return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} ")), 0.0)

    def wait_for_ended(self, reason: str, number: int = 1) -> None:
        """Wait until so many more streams have ended for that reason than had when this began."""
        name = f'signals_streams_ended_total{{reason="{reason}"}}'
        wait_until(lambda: self.figure(name) >= number, f"{number} streams have ended: {reason}")


@pytest.fixture(scope="session")
def starting(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Starting:
    """Starts a service of one's own."""

    @contextmanager
    def start(*, workers: int = 1, settings: Mapping[str, str] | None = None, **limits: float) -> Iterator[Live]:
        database = postgres.create()
        given = {"DATABASE_URL": database.url, "SIGNALS_READERS": "open", **(settings or {}), **limited(**limits)}
        with ExitStack() as things:
            things.callback(database.close)
            service = ServiceProcess(tmp_path_factory.mktemp("live"), given, workers=workers)
            things.callback(service.stop)
            service.wait_until_ready()
            yield Live(service, database, things)

    return start


@pytest.fixture(scope="session")
def _shared(starting: Starting) -> Iterator[Live]:
    with starting(settings={"SIGNALS_IDLE_SECONDS": str(IDLE_SECONDS)}, heartbeat_seconds=HEARTBEAT_SECONDS) as live:
        yield live


@pytest.fixture
def live(_shared: Live) -> Iterator[Live]:
    """The shared service, and streams that end with the test."""
    with ExitStack() as things:
        yield Live(_shared.service, _shared.database, things)
