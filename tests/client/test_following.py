"""Following the feed: no signal is left out and none comes twice, whatever happens on the way."""

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from service.client import CursorExpired, Event, ReadingRefused, Retries, ServiceUnreachable, UnexpectedAnswer
from tests.client.conftest import ReadFrom
from tests.client.feed_server import (
    ENDED,
    RETRY_SECONDS,
    Asked,
    Broken,
    FeedServer,
    event,
    number,
    refusal,
    signal,
    stream,
)
from tests.client.patience import Patience
from tests.client.road import answer
from tests.running.waiting import wait_until

FULL = refusal("503 Service Unavailable", "too_many_streams", "Retry-After: 1")
HTML = answer("200 OK", "Content-Type: text/html", body="<html>")

BEFORE_THE_BEGINNING = 60
"""So many bytes are within the head of an answer."""

SILENT_AT_ONCE = Broken(BEFORE_THE_BEGINNING, silent=True)


def seen(events: list[Event]) -> list[int]:
    """The numbers of the signals that came; each comes with its own place."""
    numbers = [number(event.signal.id) for event in events if event.signal]
    assert [event.cursor for event in events] == [*map(str, numbers)]
    assert {event.kind for event in events} <= {"signal"}
    return numbers


def ways(server: FeedServer) -> list[str]:
    """How it was asked each time."""
    return ["live" if asked.live else "page" for asked in server.asked]


def test_signals_come_with_the_places_after_them(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(5)
    assert seen(read_from(server.url).follow(3, "2")) == [3, 4, 5]
    [asked] = server.asked
    assert (asked.live, asked.place, asked.headers["accept-encoding"]) == (True, "2", "identity")
    assert asked.headers["authorization"] == "Bearer t-0123"


def test_without_a_cursor_it_begins_now_and_goes_on_from_there(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(3)
    server.plan(Broken(1000))
    patience.in_next_pause(lambda: server.hold(2))
    assert seen(read_from(server.url).follow(2)) == [4, 5]
    assert [asked.place for asked in server.asked] == [None, "3"]


def test_wherever_a_stream_breaks_off_it_goes_on_behind_the_last_whole_event(
    read_from: ReadFrom, server: FeedServer
) -> None:
    server.hold(2)
    whole = len(server._stream(Asked("", {}, {"last-event-id": "0"})))
    reader = read_from(server.url)
    for cut in range(BEFORE_THE_BEGINNING, whole, 5):
        server.plan(Broken(cut))
        assert seen(reader.follow(2, "0")) == [1, 2], cut


def test_after_five_breaks_in_a_row_it_still_asks_for_the_same(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(1)
    for each in range(2, 7):
        server.plan(stream(b"id: %d\n\n" % (each - 1), event(each, signal(each))))
    events = read_from(server.url).follow(5, "1", instrument=["XAU*", "EURUSD"], producer="my-bot")
    assert seen(events) == [2, 3, 4, 5, 6]
    assert [asked.place for asked in server.asked] == ["1", "2", "3", "4", "5"]
    for asked in server.asked:
        assert asked.query == {"instrument": ["XAU*", "EURUSD"], "producer": ["my-bot"]}
        assert asked.headers["authorization"] == "Bearer t-0123"


def test_it_comes_back_after_the_time_that_the_stream_has_told(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.plan(ENDED, Broken(1000))
    for _ in range(2):
        patience.in_next_pause(partial(server.hold, 1))
    assert seen(read_from(server.url).follow(3, "0")) == [1, 2, 3]
    assert patience.pauses == [RETRY_SECONDS] * 2


def test_a_stream_without_heartbeats_is_left(
    read_from: ReadFrom, server: FeedServer, patience: Patience, caplog: pytest.LogCaptureFixture
) -> None:
    server.hold(1)
    server.plan(Broken(1_000_000, silent=True))
    patience.in_next_pause(partial(server.hold, 1))
    with caplog.at_level(logging.INFO, "service.client"):
        assert seen(read_from(server.url, silence_seconds=0.1, timeout_seconds=60).follow(2, "0")) == [1, 2]
    assert ways(server) == ["live", "live"]
    assert "The stream broke off: " in caplog.text


def test_places_without_signals_are_told_when_all_before_them_is_taken(read_from: ReadFrom, server: FeedServer) -> None:
    """Only then may they be kept: who dies before has to get the signal again."""
    told: list[str] = []
    place = b"id: %d\n\n"
    server.plan(
        stream(place % 4, place % 4, event(5, signal(5)), place % 5, place % 8, event(9, signal(9)), place % 10)
    )
    reader = read_from(server.url)
    assert seen(reader.follow(2, on_place=told.append)) == [5, 9]
    assert told == ["4", "8"]


def test_after_a_break_it_goes_on_from_the_last_heartbeat(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(9)
    server.plan(stream(b"id: 4\n\n", b"id: 7\n\n"))
    assert seen(read_from(server.url).follow(2)) == [8, 9]
    assert [asked.place for asked in server.asked] == [None, "7"]


def test_what_is_not_known_is_passed_over_and_its_place_is_kept(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(8)
    told = [event(6, '{"a": 1}', kind="news"), b": a comment\n\n", b"colour: green\n\n", event(7, "[]", kind="odds")]
    server.plan(stream(*told))
    assert seen(read_from(server.url).follow(1, "5")) == [8]
    assert server.asked[1].place == "7"


def test_every_form_that_the_standard_allows_is_understood(read_from: ReadFrom, server: FeedServer) -> None:
    """A proxy may write a stream anew: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    data = signal(1).encode()
    server.plan(
        stream(
            b"id:1\r\nevent:signal\r\ndata:" + data + b"\r\n\r\n",
            b":\rdata: " + data.replace(b", ", b",\rdata: ").replace(b"0001", b"0002") + b"\rid: 2\revent: signal\r\r",
        )
    )
    assert seen(read_from(server.url).follow(2, "0")) == [1, 2]


@pytest.mark.parametrize("spoilt", [event(2, signal(2)[:-1]), event(2, "[]"), event(2, signal(2).replace("time", "x"))])
def test_a_signal_that_cannot_be_read_is_not_passed_over(
    read_from: ReadFrom, server: FeedServer, spoilt: bytes
) -> None:
    server.plan(stream(b"id: 1\n\n", spoilt, event(3, signal(3))))
    with pytest.raises(UnexpectedAnswer):
        read_from(server.url).follow(1, "1")


def test_a_service_that_is_away_is_waited_for_with_pauses_that_grow_by_chance(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.close()
    for meanwhile in (*[lambda: None] * 7, server.open):
        patience.in_next_pause(meanwhile)
    assert seen(read_from(server.url).follow(1, "0")) == [1]
    dues = [1, 2, 4, 8, 16, 30, 30, 30]
    assert all(due / 2 <= pause <= due for pause, due in zip(patience.pauses, dues, strict=True))
    assert len(set(patience.pauses)) == len(dues)


def test_pauses_begin_anew_when_something_was_heard(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.close()

    def hold_more() -> None:
        server.close()
        server.hold(1)

    for meanwhile in (*[lambda: None] * 4, server.open, hold_more, server.open):
        patience.in_next_pause(meanwhile)
    server.plan(ENDED)
    assert seen(read_from(server.url).follow(2, "0")) == [1, 2]
    assert patience.pauses[5] == RETRY_SECONDS
    assert patience.pauses[6] <= 1


@pytest.mark.parametrize("status", ["500 X", "502 X", "503 X", "504 X", "429 X"])
def test_no_status_that_may_pass_ends_it(
    read_from: ReadFrom, server: FeedServer, patience: Patience, status: str
) -> None:
    server.hold(1)
    server.plan(*[answer(status, "Retry-After: 61", body="<html>")] * 3)
    assert seen(read_from(server.url).follow(1, "0")) == [1]
    assert all(61 <= pause <= 1.5 * 61 for pause in patience.pauses[:3])


def test_where_there_is_no_room_for_streams_pages_are_read_now_and_then(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.plan(FULL)
    for meanwhile in (lambda: None, partial(server.hold, 1)):
        patience.in_next_pause(meanwhile)
    assert seen(read_from(server.url).follow(2, "0")) == [1, 2]
    assert ways(server) == ["live", *["page"] * 3]
    assert all("wait" not in asked.query for asked in server.asked)
    assert 1 <= patience.pauses[0] <= 1.5
    assert 2.5 <= sum(patience.pauses) <= 5


@pytest.mark.parametrize("hindrance", [HTML, answer("404 Not Found"), answer("405 X"), SILENT_AT_ONCE, stream()])
def test_where_no_stream_gets_through_pages_are_waited_for(
    read_from: ReadFrom, server: FeedServer, patience: Patience, hindrance: Any
) -> None:
    server.hold(3)
    server.plan(hindrance)
    assert seen(read_from(server.url, silence_seconds=0.1).follow(3, "0", instrument="XAU*")) == [1, 2, 3]
    assert ways(server) == ["live", *["page"] * 3]
    for place, asked in enumerate(server.asked[1:]):
        assert asked.query == {"instrument": ["XAU*"], "after": [str(place)], "limit": ["1"], "wait": ["20"]}
    assert patience.pauses == []


def test_a_stream_is_tried_again_later_and_later(read_from: ReadFrom, server: FeedServer) -> None:
    """Where a proxy holds streams back each try costs some seconds."""
    server.hold(4)
    in_5, in_3, in_7 = (answer("502 Bad Gateway", f"Retry-After: {seconds}") for seconds in (5, 3, 7))
    for each in (HTML, in_5, None, HTML, in_3, None, in_7):
        server.plan(each)
    assert seen(read_from(server.url).follow(4, "0")) == [1, 2, 3, 4]
    pages = ["page"] * 2
    assert ways(server) == ["live", *pages, "live", *pages, *pages, "live"]


def test_a_page_that_takes_too_long_is_not_waited_for_again(read_from: ReadFrom, server: FeedServer) -> None:
    """A proxy may have less patience than the service."""
    server.hold(1)
    server.plan(HTML, answer("504 Gateway Timeout"))
    assert seen(read_from(server.url).follow(1, "0")) == [1]
    assert [asked.query.get("wait") for asked in server.asked] == [None, ["20"], None]


def test_pages_begin_at_now_where_no_stream_has_ever_told_a_place(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.plan(HTML)
    read_from(server.url).follow(1)
    [begin] = server.asked[1].query["from"]
    assert begin == patience.now().isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_it_may_begin_at_a_time_which_is_kept_until_there_is_a_place(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(4)
    server.plan(answer("502 Bad Gateway"))
    since = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert seen(read_from(server.url).follow(4, since=since)) == [1, 2, 3, 4]
    assert ways(server) == ["page", "page", "live"]
    for asked in server.asked[:2]:
        assert asked.query == {"from": ["2026-01-31T12:00:00.000000Z"], "limit": ["1"]}
    assert server.asked[2].place == "1"


def test_a_cursor_wins_over_a_time(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(3)
    assert seen(read_from(server.url).follow(1, "2", since=datetime.now(UTC))) == [3]
    assert ways(server) == ["live"]


@pytest.mark.parametrize(
    "end", [refusal("401 X", "token_invalid"), refusal("403 X", "forbidden"), refusal("422 X", "validation_failed")]
)
@pytest.mark.parametrize("before", [[], [HTML]], ids=["stream", "page"])
def test_what_does_not_pass_ends_it(
    read_from: ReadFrom, server: FeedServer, patience: Patience, end: bytes, before: list[bytes]
) -> None:
    server.plan(*before, end)
    with pytest.raises(ReadingRefused):
        read_from(server.url).follow(1, "0")
    assert len(server.asked) == len(before) + 1
    assert patience.pauses == []


def test_a_token_that_is_revoked_while_it_reads_ends_it(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(1)
    server.plan(ENDED, refusal("401 X", "token_invalid"))
    with pytest.raises(ReadingRefused, match="token_invalid"):
        read_from(server.url).follow(2, "0")


def test_a_place_that_is_gone_ends_it_with_those_that_there_are(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(refusal("410 Gone", "cursor_expired", oldest="10", newest="20"))
    with pytest.raises(CursorExpired) as expired:
        read_from(server.url).follow(1, "5")
    assert (expired.value.oldest, expired.value.newest) == ("10", "20")


def test_it_gives_up_when_it_is_told_to_and_nothing_was_heard_for_so_long(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(1)
    server.plan(ENDED)
    patience.in_next_pause(server.close)
    with pytest.raises(ServiceUnreachable):
        read_from(server.url, retries=Retries(for_seconds=1)).follow(2, "0", give_up_after=100)
    assert sum(patience.pauses) == pytest.approx(100)


def test_who_leaves_closes_the_stream(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(1)
    read_from(server.url).follow(1, "0")
    wait_until(lambda: server.gone == 1, "the stream to be closed")
