"""Readers that read slowly or nothing: their memory is bounded, they end or come after, and nobody else notices."""

import time

import psutil  # type: ignore[import-untyped]

from tests.live.conftest import IDLE_SECONDS, Live, Starting
from tests.speaking.event_stream import CutOff, EventStream

LARGE = f'{{"text":"{"x" * 30_000}"}}'
SMALL_BUFFER = 4096


def ids_of(stream: EventStream, number: int) -> list[str]:
    """The ids of the next so many signals."""
    return [signal["id"] for signal in stream.signals(number)]


def test_a_reader_that_takes_nothing_is_cut_off_and_goes_on_later(live: Live) -> None:
    """Red when nobody looks at it: uvicorn waits for ever for the rest of what it has written."""
    stalled_before = live.figure('signals_streams_ended_total{reason="stalled"}')
    silent, lively = live.opened(receive_buffer=SMALL_BUFFER), live.opened()
    cursor = silent.id
    ids = [live.store(payload=LARGE) for _ in range(40)]
    assert ids_of(lively, 40) == ids
    live.wait_for_ended("stalled", int(stalled_before) + 1)
    seen = []
    try:
        for event in silent:
            cursor = event.id
            seen += [event.signal["id"]] if event.data is not None else []
    except CutOff:
        pass
    assert seen == ids[: len(seen)]
    again = live.open(headers={"Last-Event-ID": str(cursor)})
    assert seen + ids_of(again, len(ids) - len(seen)) == ids


def test_a_reader_that_is_slow_gets_everything(live: Live) -> None:
    """It takes something more often than it would be cut off for, and all of it much later than that. Red when only a
    buffer that is empty counts as progress."""
    slow = live.opened(receive_buffer=SMALL_BUFFER)
    ids = [live.store(payload=LARGE) for _ in range(40)]
    seen: list[str] = []
    while len(seen) < len(ids):
        time.sleep(IDLE_SECONDS / 20)
        seen += ids_of(slow, 1)
    assert seen == ids


def test_streams_fall_behind_memory_and_come_after_from_the_database(starting: Starting) -> None:
    """Again and again over the joint between what is written at once, what is kept, and what is stored (S12)."""
    with starting(stream_memory_bytes=100_000, heartbeat_seconds=0.2) as live:
        streams = [live.opened(receive_buffer=SMALL_BUFFER) for _ in range(4)]
        narrow = live.opened({"instrument": "NARROW"}, receive_buffer=SMALL_BUFFER)
        ids: list[str] = []
        seen: list[list[str]] = [[] for _ in streams]
        for turn in range(60):
            ids += [live.store("NARROW" if turn % 10 == 0 else "WIDE", payload=LARGE) for _ in range(2)]
            for place, stream in enumerate(streams):
                if turn % (place + 2) == 0:
                    seen[place] += ids_of(stream, 1)
        for place, stream in enumerate(streams):
            seen[place] += ids_of(stream, len(ids) - len(seen[place]))
        assert seen == [ids] * len(streams)
        assert ids_of(narrow, 12) == [id for turn in range(0, 60, 10) for id in ids[2 * turn : 2 * turn + 2]]
        assert live.figure("signals_streams_behind_total") > 0


def test_what_crowds_that_do_not_read_make_the_process_keep_is_bounded(starting: Starting) -> None:
    with starting(settings={"SIGNALS_IDLE_SECONDS": "60"}) as live:
        process = psutil.Process(live.service.process.pid)
        live.store(payload=LARGE)
        before = process.memory_info().rss
        silent = [live.opened(receive_buffer=SMALL_BUFFER) for _ in range(50)]
        lively = live.opened()
        for _ in range(20):
            ids = [live.store(payload=LARGE) for _ in range(20)]
            assert ids_of(lively, 20) == ids
        assert process.memory_info().rss - before < 16 * 1024 * 1024 + 50 * 512 * 1024 + 16 * 1024 * 1024
        assert len(silent) == 50
