"""Streams through the proxies that operators are told to put before the service."""

import re
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


@pytest.mark.parametrize("kind", [*PROXIES, *BARE])
def test_events_come_at_once_and_as_they_are(kind: str, live: Live, tmp_path: Path) -> None:
    with (
        proxy_before(live.service.url, kind, tmp_path) as url,
        EventStream(url, headers={"Accept-Encoding": "gzip, br"}) as stream,
    ):
        assert stream.next() is not None
        assert "content-encoding" not in stream.headers
        for _ in range(5):
            id = live.store(payload='{"price": 0.1234567890123456789012345}')
            [signal] = stream.signals(1)
            assert (signal["id"], signal["payload"]) == (id, {"price": "0.1234567890123456789012345"})


@pytest.mark.parametrize("kind", PROXIES)
def test_heartbeats_outlive_the_time_outs(kind: str, live: Live, tmp_path: Path) -> None:
    with proxy_before(live.service.url, kind, tmp_path, _impatient) as url, EventStream(url) as stream:
        beats = stream.during(2.5 * TIMEOUT_SECONDS)
        assert len(beats) >= 2 * TIMEOUT_SECONDS / HEARTBEAT_SECONDS
