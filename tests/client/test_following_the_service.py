"""Readers against the service itself: every digit, and nothing skipped while it is replaced."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from service.client import ReadingRefused, Retries, SignalsReader
from service.client.signal import json_text
from tests.client.conftest import ReadFrom
from tests.client.shared import SHOWN, Store
from tests.readers.known import add, revoke
from tests.running.deployment import Deployment
from tests.running.waiting import DEADLINE_SECONDS, wait_until


class Moving(httpx.HTTPTransport):
    """Goes where the service listens now."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._deployment = deployment

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._deployment.service.port)
        return super().handle_request(request)


class Follower:
    """Follows in a thread of its own, and keeps what it sees."""

    def __init__(self, deployment: Deployment, **options: Any) -> None:
        self.ids: list[str] = []
        self.places: list[str] = []
        self.end: Exception | None = None
        http = httpx.Client(transport=Moving(deployment))
        pauses = Retries(first_pause_seconds=0.1, longest_pause_seconds=1)
        self._reader = SignalsReader(deployment.url, http=http, retries=pauses, **options)
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()
        wait_until(lambda: bool(self.places), "a place to begin at")

    def _follow(self) -> None:
        try:
            for event in self._reader.follow(on_place=self.places.append, give_up_after=DEADLINE_SECONDS):
                if event.signal:
                    self.ids.append(str(event.signal.id))
        except Exception as error:
            self.end = error

    def wait_for_the_end(self) -> None:
        """Wait until it has given up."""
        self._thread.join(DEADLINE_SECONDS)
        assert not self._thread.is_alive()

    def close(self) -> None:
        """Let it give up. What it waits for is its stream, which is closed under its feet."""
        self._reader.close()
        self.wait_for_the_end()


Follow = Callable[..., Follower]


@pytest.fixture
def follow(deployment: Deployment) -> Iterator[Follow]:
    """Begins to follow the service of this test."""
    with ExitStack() as stack:

        def follow(**options: Any) -> Follower:
            follower = Follower(deployment, **options)
            stack.callback(follower.close)
            return follower

        yield follow


@pytest.mark.usefixtures("open_to_all")
def test_every_digit_arrives_whatever_is_asked(
    deployment: Deployment, read_from: ReadFrom, store: Store, instrument: str
) -> None:
    id, reader = store(), read_from(deployment.url)
    [page] = reader.pages(instrument=instrument)
    [event] = reader.follow(1, instrument=instrument, since=datetime.now(UTC) - timedelta(minutes=5))
    [paged] = page.events
    for signal in (reader.get(id), paged.signal, event.signal):
        assert signal is not None
        assert (str(signal.id), json_text(signal.payload)) == (id, SHOWN)
    after = store()
    [later] = reader.follow(1, event.cursor, instrument=instrument)
    assert later.signal is not None
    assert str(later.signal.id) == after


def test_no_signal_is_skipped_and_none_comes_twice_while_the_service_is_replaced(
    deployment: Deployment, follow: Follow, store: Store
) -> None:
    deployment.configure(SIGNALS_READERS="open")
    deployment.start_own()
    follower = follow()
    stored = [store() for _ in range(5)]
    for _ in range(2):
        deployment.restart()
        stored += [store() for _ in range(5)]
    wait_until(lambda: len(follower.ids) >= len(stored), "all signals to be seen")
    assert follower.ids == stored


def test_a_reader_that_is_revoked_is_told_so(
    deployment: Deployment, follow: Follow, portal: BlockingPortal, store: Store
) -> None:
    deployment.start_own()
    token = portal.call(add, deployment.database, "alpha")
    follower = follow(token=token)
    first = store()
    wait_until(lambda: follower.ids == [first], "the signal to be seen")
    portal.call(revoke, deployment.database, "alpha")
    follower.wait_for_the_end()
    assert isinstance(follower.end, ReadingRefused)
    assert follower.end.code == "token_invalid"
