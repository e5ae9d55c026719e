"""Streams of one service: their form, where they begin, what they show."""

from tests.live.conftest import Live


def test_first(live: Live) -> None:
    stream = live.open()
    assert stream.status == 200, stream.refusal()
    first = stream.next()
    assert first is not None and first.id and first.retry
    ids = [live.store() for _ in range(3)]
    assert [signal["id"] for signal in stream.signals(3)] == ids
    beats = stream.during(1.2)
    assert len(beats) == 2, beats
