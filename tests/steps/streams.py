"""Readers who follow the live feed: what they are shown, and how their streams end."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest

from service.reading import Position
from tests.running.deployment import Deployment
from tests.speaking.event_stream import Event, EventStream

LARGE_BYTES = 30_000
SMALL_BUFFER = 4096
BEFORE_RESTART = 4.0

PLACES = {
    "no cursor": "not-a-cursor",
    "half a cursor": Position(1, 2, UUID(int=3)).cursor.decode()[:24],
    "a cursor of the future": Position((1 << 62) + 1, 1, UUID(int=1)).cursor.decode(),
}


class Following:
    """The streams of a scenario, and what they have shown."""

    def __init__(self, deployment: Deployment, things: ExitStack) -> None:
        self._deployment = deployment
        self._things = things
        self.streams: list[EventStream] = []
        self.seen: list[Event] = []

    def open(self, query: dict[str, str] | None = None, token: str | None = None, **how: Any) -> EventStream:
        """One more stream, which has said where it begins."""
        headers = how.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        stream = self._things.enter_context(EventStream(self._deployment.url, query, headers, **how))
        assert stream.status == 200, stream.refusal()
        self.streams.append(stream)
        return stream

    @property
    def latest(self) -> EventStream:
        """The stream that was opened last."""
        return self.streams[-1]

    def signals(self, number: int) -> list[dict[str, Any]]:
        """The next so many signals of the first reader's newest stream."""
        return self.latest.signals(number)


@pytest.fixture
def following(inside: Deployment) -> Iterator[Following]:
    """Nobody follows yet."""
    with ExitStack() as things:
        yield Following(inside, things)
