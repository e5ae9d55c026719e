"""What a stream shows, and where it begins."""

import json

import pytest

from tests.live.conftest import HEARTBEAT_SECONDS, Live, Starting
from tests.speaking.event_stream import LIVE


def test_a_stream_begins_now_and_says_so_at_once(live: Live) -> None:
    earlier = live.store()
    stream = live.open(headers={"Accept-Encoding": "gzip, br", "X-Request-Id": "stream-begins"})
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"
    assert stream.headers["transfer-encoding"] == "chunked"
    assert stream.headers["x-request-id"] == "stream-begins"
    assert "content-encoding" not in stream.headers
    first = stream.next()
    assert first is not None
    assert (first.kind, first.data) == (None, None)
    assert first.id
    assert first.retry
    id = live.store()
    [event] = stream.events(1)
    if event.signal["id"] == earlier:  # when the stream began, this could not be read yet
        [event] = stream.events(1)
    assert event.kind == "signal"
    assert event.signal["id"] == id
    assert event.id not in (None, first.id)


def test_what_is_stored_once_the_head_is_there_is_delivered(live: Live) -> None:
    """Pitfall S13: a stream that is not ready when it says so."""
    for _ in range(10):
        stream = live.open()
        id = live.store()
        assert [signal["id"] for signal in stream.signals(1)] == [id]


def test_an_event_has_every_field_and_every_digit(live: Live) -> None:
    stream = live.opened()
    payload = (
        '{"a": 0.1234567890123456789012345, "b": 123456789012345678901234567890, "c": "\\r\\n\\u2028", "d": 1950.50}'
    )
    id = live.store(producer="alpha", payload=payload.replace(", ", ",\n "))
    [signal] = stream.signals(1)
    assert signal.pop("created_at") == signal.pop("updated_at")
    assert signal == {
        "id": id,
        "producer_id": "alpha",
        "instrument": "XAUUSD",
        "side": "0",
        "time": signal["time"],
        "payload": json.loads(payload, parse_float=str, parse_int=str),
        "version": "1",
        "status": "0",
        "state_version": "0",
        "approval": "none",
        "expires_at": None,
        "expired": False,
    }
    assert signal["time"].startswith("2026-01-31T12:00:00")


def test_signals_come_in_one_order_to_all(live: Live) -> None:
    streams = [live.opened() for _ in range(5)]
    before = live.figure("signals_stream_events_total")
    ids = [live.store() for _ in range(20)]
    assert [[signal["id"] for signal in stream.signals(20)] for stream in streams] == [ids] * 5
    assert live.figure("signals_stream_events_total") - before >= 5 * 20


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"instrument": "LIVE.A"}, [0, 1]),
        ({"instrument": ["LIVE.B", "LIVE.A"]}, [0, 1, 2]),
        ({"instrument": "LIVE*"}, [0, 1, 2, 3]),
        ({"instrument": "LIVE_*"}, [3]),
        ({"producer": "alpha"}, [1, 3]),
        ({"producer": ["alpha", "beta"], "instrument": "LIVE.*"}, [1, 2]),
    ],
)
def test_a_filter_shows_what_it_names(live: Live, query: dict[str, str], expected: list[int]) -> None:
    stream = live.opened(query)
    sent = [("LIVE.A", None), ("LIVE.A", "alpha"), ("LIVE.B", "beta"), ("LIVE_A", "alpha"), ("OTHER", None)]
    ids = [live.store(instrument, producer=producer) for instrument, producer in sent]
    assert [signal["id"] for signal in stream.signals(len(expected))] == [ids[place] for place in expected]
    assert [event for event in stream.during(0.2) if event.data is not None] == []


@pytest.mark.parametrize("with_cursor", [False, True])
def test_each_stream_has_its_heartbeat(live: Live, with_cursor: bool) -> None:
    quiet = {"instrument": "NOBODY.SENDS.IT"}
    stream = live.opened({**quiet, "after": live.opened().id} if with_cursor else quiet)
    beats = stream.during(4.5 * HEARTBEAT_SECONDS)
    assert 4 <= len(beats) <= 6
    assert all(beat.id and beat.data is None for beat in beats)


def test_a_heartbeat_moves_the_cursor_of_a_rare_filter(live: Live) -> None:
    stream = live.opened({"instrument": "RARE"})
    before = stream.id
    other = live.opened()
    id = live.store("OTHER")
    while other.signals(1)[0]["id"] != id:  # before it comes what could not be read yet
        pass
    stream.during(2 * HEARTBEAT_SECONDS)
    assert stream.id == other.id != before


def test_a_stream_goes_on_where_another_one_broke_off(live: Live) -> None:
    """Five times in a row, each with what was stored meanwhile (pitfall S14)."""
    stream = live.opened({"instrument": "LIVE.C"})
    seen, sent = [], []
    for _ in range(5):
        stream.close()
        sent += [live.store("LIVE.C"), live.store("LIVE.C")]
        live.store("OTHER")
        stream = live.open({"instrument": "LIVE.C"}, {"Last-Event-ID": str(stream.id)})
        seen += [signal["id"] for signal in stream.signals(2)]
    assert seen == sent


def test_last_event_id_wins_over_after(live: Live) -> None:
    first = live.opened()
    live.store()
    first.signals(1)
    early, late = live.opened().id, None
    id = live.store()
    first.signals(1)
    late = first.id
    stream = live.open({"after": str(late)}, {"Last-Event-ID": str(early)})
    assert [signal["id"] for signal in stream.signals(1)] == [id]


def test_streams_are_told_different_times_to_come_back_after(live: Live) -> None:
    times = []
    for _ in range(10):
        event = live.open().next()
        assert event is not None
        assert event.retry is not None
        times.append(event.retry)
    assert len(set(times)) > 5
    assert all(1000 <= time <= 5000 for time in times)


def test_a_cursor_that_is_none_is_refused(live: Live) -> None:
    for query, headers in (({"after": "x"}, {}), ({}, {"Last-Event-ID": "x"}), ({"after": ""}, {})):
        stream = live.open(query, headers)
        assert stream.status == 400
        assert stream.refusal()["code"] == "cursor_invalid"


def test_parameters_of_pages_are_none_of_streams(live: Live) -> None:
    for name in ("limit", "from", "instruments"):
        stream = live.open({name: "10"})
        assert stream.status == 422
        assert stream.refusal()["detail"][0]["loc"] == ["query", name]


def test_the_head_alone(live: Live) -> None:
    answer = live.service.client.head(live.service.url + LIVE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"


def test_a_client_of_http_1_0_gets_no_chunks(live: Live) -> None:
    stream = live.opened(version="1.0")
    assert "transfer-encoding" not in stream.headers
    assert stream.headers["connection"] == "close"
    ids = [live.store() for _ in range(3)]
    assert [signal["id"] for signal in stream.signals(3)] == ids


def test_a_request_behind_a_stream_waits_for_its_end(starting: Starting) -> None:
    with starting(stream_seconds=0.5, heartbeat_seconds=0.5) as live:
        stream = live.open()
        stream.socket.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert all(event.data is None for event in stream)
        assert stream.rest().startswith(b"HTTP/1.1 200 OK\r\n")


def test_to_begin_before_what_is_in_memory_no_page_is_read(live: Live) -> None:
    """Hundreds come back at once after a restart. Red while each was given a page to see whether there is one: the
    table that is locked here was read."""
    for _ in range(2):
        live.store()
    first = live.service.client.get(f"{live.service.url}/api/v1/feed", params={"limit": 1}).json()
    live.opened()
    live.database.execute("BEGIN; LOCK TABLE signals IN ACCESS EXCLUSIVE MODE")
    try:
        stream = live.opened({"after": first["cursor"]})
    finally:
        live.database.execute("ROLLBACK")
    assert [signal["id"] for signal in stream.signals(1)] != [first["events"][0]["signal"]["id"]]
