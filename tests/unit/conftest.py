"""What the unit tests share beyond what all tests do."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from structlog.testing import capture_logs
from structlog.typing import EventDict

from service.settings import Settings
from tests.running.postgres import Database, PostgresServer

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop of the tests that are coroutines."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test knows the settings of the one who runs it."""
    for name in os.environ:
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[list[EventDict]]:
    """What this process logs during a test, as the service hands it over."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def empty_database(postgres: PostgresServer) -> Iterator[Database]:
    """A new database with nothing in it."""
    database = postgres.create(tables=False)
    yield database
    database.close()


@pytest.fixture(scope="session")
def shared_database(postgres: PostgresServer) -> Iterator[Database]:
    """A database with the tables of the service, for tests that do not care what else is in them."""
    database = postgres.create()
    yield database
    database.close()
