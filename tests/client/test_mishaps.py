"""Whatever happens on the way, a signal is stored once, or it is told that nobody knows."""

import logging
import socket
from datetime import timedelta
from threading import Thread

import pytest

from service.client import (
    OutcomeUnknown,
    Retries,
    ServiceBusy,
    ServiceUnreachable,
    Side,
    Signal,
    SignatureRefused,
    UnexpectedAnswer,
)
from tests.client.conftest import Connect
from tests.client.patience import Patience
from tests.client.road import CUT, LOST, Road, answer
from tests.client.shared import MakeRoad
from tests.observing.storage import Storage
from tests.running.deployment import Deployment
from tests.running.service_process import limited
from tests.speaking.producer import Producer

GOLD = Signal("XAUUSD", Side.BUY)
BAD_GATEWAY = answer("502 Bad Gateway", "Content-Type: text/html", body="<html>")


@pytest.mark.parametrize("mishap", [LOST, CUT, BAD_GATEWAY], ids=["no answer", "half an answer", "a 502 of a proxy"])
def test_a_lost_answer_is_asked_for_again_with_the_very_same_request(
    connect: Connect, road: Road, storage: Storage, mishap: bytes
) -> None:
    road.plan([mishap, mishap])
    stored = connect(road.url).send(GOLD)
    assert stored.replayed is (mishap != BAD_GATEWAY)
    assert storage.count_new() == 1
    first, second, third = road.requests
    assert first == second == third


def test_a_service_that_is_away_is_waited_for(
    connect: Connect, road: Road, storage: Storage, patience: Patience
) -> None:
    road.close()
    for event in (lambda: None, lambda: None, road.open):
        patience.in_next_pause(event)
    assert not connect(road.url).send(GOLD).replayed
    assert storage.count_new() == 1
    assert len(patience.pauses) == 3


def test_pauses_grow_by_chance_and_end_with_the_last_attempt_at_the_end_of_the_time(
    connect: Connect, road: Road, patience: Patience
) -> None:
    road.close()
    with pytest.raises(ServiceUnreachable):
        connect(road.url, retries=Retries(for_seconds=100, first_pause_seconds=2, longest_pause_seconds=16)).send(GOLD)
    *pauses, last = patience.pauses
    ceilings = [2, 4, 8, *[16] * (len(pauses) - 3)]
    assert all(due / 2 <= pause <= due for pause, due in zip(pauses, ceilings, strict=True))
    assert len({pause / due for pause, due in zip(pauses, ceilings, strict=True)}) == len(pauses)
    assert last <= 16
    assert sum(patience.pauses) == pytest.approx(100)


def test_no_time_means_one_attempt(connect: Connect, road: Road, patience: Patience) -> None:
    road.close()
    with pytest.raises(ServiceUnreachable, match="cannot be reached"):
        connect(road.url, retries=Retries(for_seconds=0)).send(GOLD)
    assert patience.pauses == []


def test_a_busy_service_is_given_the_time_it_asks_for(connect: Connect, road: Road, patience: Patience) -> None:
    body = '{"code":"overloaded","detail":"later","request_id":"x"}'
    road.plan([answer("503 Service Unavailable", "Retry-After: 17", body=body)])
    connect(road.url).send(GOLD)
    [pause] = patience.pauses
    assert 17 <= pause <= 25.5


def test_a_time_of_day_to_come_back_is_understood(connect: Connect, road: Road, patience: Patience) -> None:
    later = (patience.now() + timedelta(seconds=61)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    road.plan([answer("502 Bad Gateway", f"Retry-After: {later}"), answer("502 Bad Gateway", "Retry-After: soon")])
    connect(road.url).send(GOLD)
    first, second = patience.pauses
    assert 59 < first <= 91.5
    assert 1 <= second <= 2


def test_a_busy_service_that_asks_for_too_much_time_is_told_at_once(
    connect: Connect, road: Road, patience: Patience
) -> None:
    body = '{"code":"shutting_down","detail":"later","request_id":"x"}'
    road.plan([answer("503 Service Unavailable", "Retry-After: 301", body=body)])
    with pytest.raises(ServiceBusy, match="shutting_down"):
        connect(road.url).send(GOLD)
    assert patience.pauses == []


def test_an_overloaded_service_is_asked_again(
    signing: Deployment, connect: Connect, producer: Producer, storage: Storage, patience: Patience
) -> None:
    """There is room for one signal, and the database does not answer it until the client waits."""
    signing.configure(SIGNALS_QUEUE_LIMIT="1", **limited(command_seconds=0.3))
    signing.start_own()
    signing.stall_database()
    other = Thread(target=producer.send)
    other.start()
    signing.service.log.wait_for_line(lambda line: line["message"] == "hmac_validation", "a signal that waits")

    def mend() -> None:
        signing.mend_database()
        other.join()

    patience.in_next_pause(mend)
    connect(signing.service.url).send(GOLD)
    assert len(patience.pauses) == 1
    assert storage.count_new() == 2


def test_an_unsigned_signal_is_sent_again_to_a_busy_service(
    deployment: Deployment, connect: Connect, make_road: MakeRoad, storage: Storage
) -> None:
    road = make_road(deployment.service.url)
    body = '{"code":"overloaded","detail":"later","request_id":"x"}'
    road.plan([answer("503 Service Unavailable", "Retry-After: 1", body=body)])
    connect(road.url, secret=None, unsigned=True).send(GOLD)
    assert storage.count_new() == 1


def test_a_failing_database_is_waited_for(
    signing: Deployment, connect: Connect, storage: Storage, patience: Patience
) -> None:
    signing.configure(**limited(answer_seconds=0.3))
    signing.start_own()
    signing.cut_database()
    patience.in_next_pause(signing.mend_database)
    connect(signing.service.url).send(GOLD)
    assert len(patience.pauses) >= 1
    assert storage.count_new() == 1


@pytest.mark.parametrize("mishap", [LOST, CUT, BAD_GATEWAY], ids=["no answer", "half an answer", "a 502 of a proxy"])
def test_an_unsigned_signal_is_not_sent_again_after_an_unknown_outcome(
    deployment: Deployment, connect: Connect, mishap: bytes, make_road: MakeRoad, patience: Patience
) -> None:
    road = make_road(deployment.service.url)
    road.plan([mishap])
    with pytest.raises(OutcomeUnknown) as unknown:
        connect(road.url, secret=None, unsigned=True).send(GOLD)
    assert unknown.value.attempts == 1
    assert patience.pauses == []
    assert len(road.requests) == 1


def test_an_unsigned_signal_is_sent_again_when_nothing_was_sent(
    deployment: Deployment, connect: Connect, make_road: MakeRoad, storage: Storage, patience: Patience
) -> None:
    road = make_road(deployment.service.url)
    road.close()
    patience.in_next_pause(road.open)
    connect(road.url, secret=None, unsigned=True).send(GOLD)
    assert storage.count_new() == 1


@pytest.mark.parametrize("status", ["302 Found", "403 Forbidden", "405 Method Not Allowed"])
def test_an_answer_of_something_else_is_told_as_such(
    connect: Connect, road: Road, patience: Patience, status: str
) -> None:
    road.plan([answer(status, "Location: /elsewhere", body="<html>")])
    with pytest.raises(UnexpectedAnswer, match=status[:3]) as unexpected:
        connect(road.url).send(GOLD)
    assert unexpected.value.status == int(status[:3])
    assert patience.pauses == []


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"id":"1"}', '{"id":1,"status":0,"created_at":"now"}', "[" * 100_000]
)
def test_a_success_that_is_not_the_services_is_not_believed(connect: Connect, road: Road, body: str) -> None:
    road.plan([answer("201 Created", "X-Request-Id: x", body=body)])
    with pytest.raises(OutcomeUnknown) as unknown:
        connect(road.url).send(GOLD)
    assert isinstance(unknown.value.__cause__, UnexpectedAnswer)


def test_a_refusal_after_an_unknown_outcome_leaves_it_unknown(connect: Connect, road: Road, storage: Storage) -> None:
    """The answer to the resend is about the resend; the first one may be stored."""
    road.plan([LOST, answer("401 Unauthorized", body='{"code":"signature_mismatch","detail":"","server_time":"?"}')])
    with pytest.raises(OutcomeUnknown) as unknown:
        connect(road.url).send(GOLD)
    assert isinstance(unknown.value.__cause__, SignatureRefused)
    assert storage.count_new() == 1


def test_a_service_that_does_not_answer_in_time_is_not_waited_for_longer(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OutcomeUnknown, match="did not arrive"):
            connect(url, timeout_seconds=0.05, retries=Retries(for_seconds=0)).send(GOLD)


def test_each_new_attempt_is_logged(connect: Connect, road: Road, caplog: pytest.LogCaptureFixture) -> None:
    road.plan([LOST])
    with caplog.at_level(logging.INFO, "service.client"):
        connect(road.url).send(GOLD)
    [line] = [record.getMessage() for record in caplog.records if record.name == "service.client"]
    assert line.startswith("The answer did not arrive: ")
    assert "next attempt in" in line
