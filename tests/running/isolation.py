"""What keeps the tests of the code in this process apart from one another, and from whoever runs them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from structlog.testing import capture_logs
from structlog.typing import EventDict

from service.settings import Settings

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
