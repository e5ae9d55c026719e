"""One signal, and pages: every digit, whatever passes by itself is asked again, and what does not is told."""

import logging
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.client import CursorExpired, ReadingRefused, Retries, ServiceUnreachable, SignalsReader, UnexpectedAnswer
from service.client.signal import json_text
from tests.client.conftest import ReadFrom
from tests.client.feed_server import PAYLOAD, Broken, FeedServer, number, page, refusal, signal
from tests.client.patience import Patience
from tests.client.road import answer

ID = UUID("01a20dc7-e667-7406-ab00-000000000007")


def found(payload: str | None = PAYLOAD, **fields: Any) -> bytes:
    """The answer to the question for one signal."""
    return answer("200 OK", body=signal(7, payload, **fields))


def numbers(*pages: Any) -> list[int]:
    """The numbers of the signals on pages."""
    return [number(event.signal.id) for page in pages for event in page.events]


def test_a_signal_is_read_with_every_field(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(found(producer_id=None, note="of a newer version"))
    read = read_from(server.url).get(ID)
    assert (read.id, read.producer_id, read.instrument, read.side) == (ID, None, "XAUUSD", 0)
    assert (read.version, read.status, read.time) == (1, 0, datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert read.created_at == read.updated_at == datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
    assert read.fields["note"] == "of a newer version"
    [asked] = server.asked
    assert asked.path == f"/api/v1/signals/{ID}"
    assert asked.headers["authorization"] == "Bearer t-0123"


def test_every_digit_of_a_payload_is_read_and_written_again(read_from: ReadFrom, server: FeedServer) -> None:
    long = "9" * 10_000
    server.plan(found(f'{{"a":{long},"b":-{long},"c":[1.50,-0.10,1e3]}}'), found(), found(None))
    reader = read_from(server.url)
    longer, usual, none = (reader.get(ID).payload for _ in range(3))
    assert json_text(longer) == f'{{"a":{long},"b":-{long},"c":[1.50,-0.10,1E+3]}}'
    assert json_text(usual) == PAYLOAD.replace(" ", "")
    assert usual is not None
    assert (usual["price"], usual["big"]) == (Decimal("1950.50"), 123456789012345678901234567890)
    assert none is None


def test_an_id_stays_within_its_part_of_the_path(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(refusal("404 Not Found", "not_found"))
    with pytest.raises(ReadingRefused) as refused:
        read_from(server.url).get("../feed?x=1")
    assert (refused.value.code, refused.value.status, refused.value.request_id) == ("not_found", 404, "r-1")
    assert server.asked[0].path == "/api/v1/signals/..%2Ffeed%3Fx%3D1"


def test_what_passes_by_itself_is_asked_again(read_from: ReadFrom, server: FeedServer, patience: Patience) -> None:
    server.plan(
        refusal("503 Service Unavailable", "overloaded", "Retry-After: 7"),
        refusal("429 Too Many Requests", "rate_limited", "Retry-After: 5"),
        answer("502 Bad Gateway", body="<html>"),
        Broken(0),
        Broken(20),
        found(),
    )
    assert read_from(server.url).get(ID).id == ID
    assert 7 <= patience.pauses[0] <= 1.5 * 7
    assert 5 <= patience.pauses[1] <= 1.5 * 5
    assert len(patience.pauses) == 5


def test_each_new_attempt_is_logged(read_from: ReadFrom, server: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.plan(answer("502 Bad Gateway"), found())
    with caplog.at_level(logging.INFO, "service.client"):
        read_from(server.url).get(ID)
    [line] = [record.getMessage() for record in caplog.records if record.name == "service.client"]
    assert line.startswith("An answer with status 502 ")
    assert "next attempt in" in line


def test_it_is_not_asked_for_ever(read_from: ReadFrom, server: FeedServer, patience: Patience) -> None:
    server.close()
    with pytest.raises(ServiceUnreachable):
        read_from(server.url, retries=Retries(for_seconds=50)).get(ID)
    assert sum(patience.pauses) == pytest.approx(50)


@pytest.mark.parametrize(
    ("status", "code"), [("401 Unauthorized", "token_invalid"), ("403 Forbidden", "out_of_scope"), ("422 X", "invalid")]
)
def test_what_does_not_pass_is_told_at_once(
    read_from: ReadFrom, server: FeedServer, patience: Patience, status: str, code: str
) -> None:
    server.plan(refusal(status, code))
    with pytest.raises(ReadingRefused, match=code):
        next(read_from(server.url).pages())
    assert patience.pauses == []


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"id":"1"}', "[" * 100_000, signal(7, side="x")[:-1]])
def test_a_success_that_is_not_the_services_is_not_believed(
    read_from: ReadFrom, server: FeedServer, patience: Patience, body: str
) -> None:
    server.plan(answer("200 OK", body=body))
    with pytest.raises(UnexpectedAnswer):
        read_from(server.url).get(ID)
    assert patience.pauses == []


def test_a_token_goes_nowhere_else(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(answer("302 Found", "Location: /elsewhere"))
    with pytest.raises(UnexpectedAnswer, match="302"):
        read_from(server.url).get(ID)
    assert len(server.asked) == 1


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ü"])
def test_a_token_that_cannot_be_one_is_told(token: str) -> None:
    with pytest.raises(ValueError, match="a token is printable ASCII"):
        SignalsReader("http://127.0.0.1:1", token=token)


def test_pages_go_on_until_there_is_no_more(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(10)
    pages = list(read_from(server.url).pages(limit=4))
    assert numbers(*pages) == list(range(1, 11))
    assert [(page.cursor, page.more) for page in pages] == [("4", True), ("8", True), ("10", False)]
    assert [asked.place for asked in server.asked] == [None, "4", "8"]
    assert pages[0].complete_until == datetime(2026, 1, 31, 12, 0, 1, tzinfo=UTC)


def test_pages_go_on_after_a_cursor(read_from: ReadFrom, server: FeedServer) -> None:
    server.hold(10)
    assert numbers(*read_from(server.url).pages("7")) == [8, 9, 10]


def test_pages_are_asked_for_in_full(read_from: ReadFrom, server: FeedServer) -> None:
    noon = datetime(2026, 1, 31, 14, tzinfo=timezone(timedelta(hours=2)))
    wanted = {"instrument": ["XAU*", "EURUSD"], "producer": "my+bot", "payload": {"lots": Decimal("0.10")}}
    list(read_from(server.url).pages(since=noon, until=noon + timedelta(days=1), limit=5, **wanted))
    [asked] = server.asked
    assert asked.query == {
        "instrument": ["XAU*", "EURUSD"],
        "producer": ["my+bot"],
        "payload": ['{"lots":0.10}'],
        "from": ["2026-01-31T12:00:00.000000Z"],
        "to": ["2026-02-01T12:00:00.000000Z"],
        "limit": ["5"],
    }


def test_a_page_that_is_held_back_is_waited_for(read_from: ReadFrom, server: FeedServer, patience: Patience) -> None:
    server.hold(2)
    server.plan(page(cursor="0", more=True), page(cursor="0", more=True))
    assert numbers(*read_from(server.url).pages("0")) == [1, 2]
    assert patience.pauses == [1, 1]


def test_a_page_on_which_nothing_matched_is_followed_by_the_next_at_once(
    read_from: ReadFrom, server: FeedServer, patience: Patience
) -> None:
    server.hold(2)
    server.plan(page(cursor="1", more=True))
    assert numbers(*read_from(server.url).pages("0")) == [2]
    assert patience.pauses == []


def test_events_of_unknown_kinds_are_passed_over(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(page('{"event":"news","news":{}}', f'{{"event":"signal","signal":{signal(3)}}}', cursor="3"))
    [read] = read_from(server.url).pages()
    assert [(event.kind, event.signal and number(event.signal.id)) for event in read.events] == [("signal", 3)]


def test_a_place_that_is_gone_is_told_with_those_that_there_are(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(refusal("410 Gone", "cursor_expired", oldest="10", newest="20"))
    with pytest.raises(CursorExpired) as expired:
        list(read_from(server.url).pages("5"))
    assert (expired.value.code, expired.value.oldest, expired.value.newest) == ("cursor_expired", "10", "20")


def test_a_filter_that_there_is_not_is_no_filter_left_out(read_from: ReadFrom, server: FeedServer) -> None:
    with pytest.raises(TypeError, match="there is no filter instruments"):
        list(read_from(server.url).pages(instruments="XAUUSD"))
    with pytest.raises(TypeError, match="there is no filter symbol"):
        read_from(server.url).follow(1, symbol="XAUUSD")
    assert server.asked == []


CHANGE = (
    '{"event":"status","signal_id":"01a20dc7-e667-7406-ab00-000000000003","instrument":"XAUUSD","producer_id":null,'
    '"status":2,"state_version":1,"reason":"late","at":"2026-01-31T12:00:00Z","by":null}'
)


def test_what_becomes_of_a_signal_is_told(read_from: ReadFrom, server: FeedServer) -> None:
    server.plan(page(CHANGE, cursor="4"))
    [read] = read_from(server.url).pages()
    [event] = read.events
    assert (event.kind, event.signal) == ("status", None)
    assert event.change is not None
    assert (number(event.change.signal_id), event.change.status, event.change.reason) == (3, 2, "late")
    assert (event.change.by, event.change.at) == (None, datetime(2026, 1, 31, 12, tzinfo=UTC))
