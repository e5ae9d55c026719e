"""How streams end: by age, at shutdown, because their reader is gone; and what is left of them then."""

import socket
import struct
import time

import pytest

from tests.live.conftest import Live, Starting
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.speaking.event_stream import EventStream

SHUTDOWN_SECONDS = 10


def test_a_stream_ends_at_its_age_and_its_reader_comes_back(starting: Starting) -> None:
    with starting(stream_seconds=1, heartbeat_seconds=0.2) as live:
        stream, ids, seen = live.opened(), [], []
        for _ in range(3):
            ids.append(live.store())
            seen += [event.signal["id"] for event in stream if event.data is not None]
            stream = live.open(headers={"Last-Event-ID": str(stream.id)})
        assert seen == ids
        live.wait_for_ended("old", 3)


def test_at_shutdown_all_streams_end_at_a_whole_event(starting: Starting) -> None:
    """Red when nobody ends them: uvicorn waits for ten seconds and cuts them in the middle of a chunk."""
    with starting() as live:
        streams = [live.opened({"instrument": "SMALL"}) for _ in range(50)]
        streams += [live.opened({"instrument": "S*"}, version="1.0") for _ in range(5)]
        silent = live.opened({"instrument": "LARGE"}, receive_buffer=4096)
        ids = [live.store("SMALL") for _ in range(20)]
        for _ in range(20):
            live.store("LARGE", payload=f'{{"text":"{"x" * 30_000}"}}')
        live.service.tell_to_stop()
        started = time.monotonic()
        for stream in streams:
            assert [event.signal["id"] for event in stream if event.data is not None] == ids
        assert live.service.process.wait(DEADLINE_SECONDS) == 0
        assert time.monotonic() - started < SHUTDOWN_SECONDS
        silent.close()


def test_nobody_is_let_in_at_shutdown(starting: Starting) -> None:
    with starting() as live:
        idle = live.open(path="/api/v1/health")
        assert idle.status == 200
        stream = live.opened()
        live.service.tell_to_stop()
        assert list(stream) == []
        refused = live.open(over=idle.socket)
        assert refused.status == 503
        assert refused.refusal()["code"] == "shutting_down"


@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_readers_that_are_gone_leave_nothing_behind(live: Live, reset: bool) -> None:
    open_before = live.figure("signals_streams")
    for _ in range(100):
        stream = EventStream(live.service.url, wait=False)
        if reset:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
    wait_until(lambda: live.figure("signals_streams") <= open_before, "all streams have ended")
