"""Five minutes after it was signed a request is no longer taken: what the client makes of that."""

from datetime import timedelta

import pytest

from service.client import (
    OutcomeUnknown,
    Retries,
    Side,
    Signal,
    SignatureRefused,
)
from tests.client.conftest import Connect
from tests.client.patience import Patience
from tests.client.road import LOST, Road, answer
from tests.client.shared import MakeRoad
from tests.observing.storage import Storage
from tests.running.deployment import Deployment

GOLD = Signal("XAUUSD", Side.BUY)
BAD_GATEWAY = answer("502 Bad Gateway", "Content-Type: text/html", body="<html>")


def header(request: bytes, name: bytes) -> bytes:
    """The value of a header of a request."""
    [value] = [line[len(name) + 2 :] for line in request.split(b"\r\n") if line.startswith(name + b": ")]
    return value


def test_when_nothing_is_ever_answered_an_unknown_outcome_is_told(
    connect: Connect, road: Road, storage: Storage, patience: Patience
) -> None:
    road.plan([LOST] * 1000)
    with pytest.raises(OutcomeUnknown) as unknown:
        connect(road.url, retries=Retries(for_seconds=3600)).send(GOLD, request_id="lost-1")
    assert sum(patience.pauses) == pytest.approx(3600)
    assert len(set(road.requests)) == 1
    assert (unknown.value.request_id, unknown.value.attempts) == ("lost-1", len(road.requests))
    assert "lost-1" in str(unknown.value)
    assert storage.count_new() == 1


def test_a_timestamp_refused_after_an_unknown_outcome_is_signed_anew_under_its_key(
    signing: Deployment, connect: Connect, make_road: MakeRoad, storage: Storage, patience: Patience
) -> None:
    """To the service it is the same request, of which it gives the first answer."""
    begun = patience.now()
    signing.show_time(begun)
    road = make_road(signing.service.url)
    road.plan([LOST])
    patience.in_next_pause(lambda: signing.show_time(begun + timedelta(seconds=301)))
    patience.in_next_pause(lambda: None)
    stored = connect(road.url, retries=Retries(first_pause_seconds=310, longest_pause_seconds=310)).send(GOLD)
    first, *_, last = road.requests
    assert header(first, b"X-Signature") != header(last, b"X-Signature")
    assert header(first, b"Idempotency-Key") == header(last, b"Idempotency-Key")
    assert stored.replayed
    assert storage.count_new() == 1


def test_a_timestamp_that_grew_old_before_anything_was_sent_is_signed_anew(
    signing: Deployment, connect: Connect, make_road: MakeRoad, storage: Storage, patience: Patience
) -> None:
    signing.show_time(patience.now())
    road = make_road(signing.service.url)
    road.close()

    def everybody_an_hour_later() -> None:
        patience.time += timedelta(hours=1)
        signing.show_time(patience.now())
        road.open()

    patience.in_next_pause(everybody_an_hour_later)
    connect(road.url, retries=Retries(for_seconds=7200)).send(GOLD)
    old, new = road.requests
    assert header(old, b"X-Signature") != header(new, b"X-Signature")
    assert header(old, b"X-Request-Id") == header(new, b"X-Request-Id")
    assert old.partition(b"\r\n\r\n")[2] == new.partition(b"\r\n\r\n")[2]
    assert storage.count_new() == 1


def test_a_clock_that_is_wrong_is_told_with_how_wrong_it_is(
    signing: Deployment, connect: Connect, make_road: MakeRoad, patience: Patience
) -> None:
    signing.show_time(patience.now() + timedelta(hours=2))
    road = make_road(signing.service.url)
    with pytest.raises(SignatureRefused) as refused:
        connect(road.url).send(GOLD)
    assert refused.value.code == "timestamp_outside_window"
    assert refused.value.skew_seconds == -7200
    assert refused.value.hint is not None
    assert len(road.requests) == 1


def test_a_clock_that_is_wrong_is_corrected_once_when_the_service_is_to_be_followed(
    signing: Deployment, connect: Connect, make_road: MakeRoad, storage: Storage, patience: Patience
) -> None:
    signing.show_time(patience.now() + timedelta(hours=2))
    road = make_road(signing.service.url)
    client = connect(road.url, follow_clock=True)
    client.send(GOLD)
    client.send(GOLD)
    assert len(road.requests) == 3
    assert storage.count_new() == 2


def test_a_service_whose_clock_cannot_be_followed_is_asked_twice_and_no_more(
    connect: Connect, road: Road, patience: Patience
) -> None:
    body = f'{{"code":"timestamp_outside_window","detail":"","server_time":"{patience.now().isoformat()}"}}'
    road.plan([answer("401 Unauthorized", body=body)] * 9)
    with pytest.raises(SignatureRefused):
        connect(road.url, follow_clock=True).send(GOLD)
    assert len(road.requests) == 2
