"""Streams through the proxies that operators are told to put before the service."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import HEARTBEAT_SECONDS, Live
from tests.running.front import BARE, PROXIES, proxy_before
from tests.speaking.event_stream import EventStream

TIMEOUT_SECONDS = 2


def _impatient(configuration: str) -> str:
    """The same with its time-outs shorter, as heartbeats are in these tests: four of them instead of two."""
    changed, number = re.subn(
        r"(?<=timeout client )30s|(?<=timeout server )10s|(?<=read_timeout )10s", "2s", configuration
    )
    assert number, "the documents have other time-outs"
    return changed


@pytest.fixture(params=[*PROXIES, *BARE])
def proxied(request: pytest.FixtureRequest, live: Live, tmp_path: Path) -> Iterator[str]:
    """The address of a proxy before the service."""
    with proxy_before(live.service.url, request.param, tmp_path, _impatient) as url:
        yield url


def test_events_come_at_once_and_as_they_are(proxied: str, live: Live) -> None:
    with EventStream(proxied, headers={"Accept-Encoding": "gzip, br"}, patience=TIMEOUT_SECONDS) as stream:
        assert stream.next() is not None
        assert "content-encoding" not in stream.headers
        for _ in range(5):
            id = live.store(payload='{"price": 0.1234567890123456789012345}')
            [signal] = stream.signals(1)
            assert (signal["id"], signal["payload"]) == (id, {"price": "0.1234567890123456789012345"})


def test_heartbeats_outlive_the_time_outs(proxied: str) -> None:
    with EventStream(proxied) as stream:
        beats = stream.during(2.5 * TIMEOUT_SECONDS)
        assert len(beats) >= 2 * TIMEOUT_SECONDS / HEARTBEAT_SECONDS
