"""What keeps the tests of the code in this process apart from one another, and from whoever runs them."""

import os

import pytest
from hypothesis import settings
from structlog.typing import EventDict

from service.environment import PREFIXES
from service.kernel.logs import Fields, log

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
        if name.upper().startswith(PREFIXES):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[EventDict]:
    """What this process logs during a test, as the service hands it over."""
    lines: list[EventDict] = []

    def keep(level: str, message: str, *several: Fields) -> None:
        lines.extend({**fields, "event": message, "log_level": level} for fields in several)

    monkeypatch.setattr(log, "tell", keep)
    return lines
