"""Who watches from outside."""

from collections.abc import Iterator

import pytest

from service.kernel.logs import log
from tests.observing.receiver import Receiver, receiver


@pytest.fixture
def outside() -> Iterator[Receiver]:
    """What is sent to who watches from outside."""
    with receiver() as received:
        yield received


@pytest.fixture
def _telling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log of this process write, as it does in a service, and forget afterwards whom it told besides."""
    monkeypatch.delattr(log, "tell")
    monkeypatch.setattr(log, "tracker", None)
