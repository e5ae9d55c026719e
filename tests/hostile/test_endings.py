"""How conversations end: half-closed clients, answers that must not be lost, and the service that stops."""

import signal
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.hostile.conftest import IDLE_SECONDS
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import CHUNKED, HEALTH, NO_SIGNAL, POST
from tests.hostile.wire import Wire, clog
from tests.running.service_process import ServiceProcess

HALF_HEAD = HEALTH[:20]
HALF_BODY = POST + b"Content-Length: 10\r\n\r\n[]"


@pytest.mark.parametrize(("sent", "status"), [(HEALTH, 200), (NO_SIGNAL, 422)], ids=["without body", "with body"])
def test_a_client_that_has_said_all_gets_its_answer(service: ServiceProcess, sent: bytes, status: int) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(sent).finish().rest()
        assert wire.seconds < IDLE_SECONDS
    assert answer.status == status


@pytest.mark.parametrize("sent", [HALF_HEAD, HALF_BODY, CHUNKED + b"2\r\n[]\r\n"], ids=["head", "body", "chunks"])
def test_a_request_that_ends_in_the_middle_is_malformed(service: ServiceProcess, sent: bytes) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(sent).finish().rest()
    check_refused(answer, "malformed_request")
    check_logged(service, answer, "malformed_request")


def test_one_that_ends_in_the_middle_does_not_hide_the_answers_before_it(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        answers = wire.send(NO_SIGNAL * 200 + HALF_BODY).finish().rest()
    assert [answer.status for answer in answers] == [422] * 200 + [400]


def test_a_client_that_says_nothing_and_hangs_up_gets_no_answer(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        assert wire.finish().rest() == []
        assert wire.seconds < IDLE_SECONDS


def test_a_client_that_hangs_up_in_the_middle_leaves_no_complaint(service: ServiceProcess) -> None:
    before = len(service.log)
    with Wire(service) as wire:
        wire.send(HALF_BODY)
    service.log.wait_for_line(lambda line: line["message"] == "Request handled", "the end of the request", before)
    assert {line["level"] for line in service.log.since(before)} <= {"info", "warning"}


def test_an_answer_is_not_lost_while_the_client_is_still_sending(service: ServiceProcess) -> None:
    """A client that cannot send all of a large body before it reads must not find its connection reset."""
    for _ in range(5):
        with Wire(service) as wire:
            wire.send(POST + b"Content-Length: 8000000\r\n\r\n").send(b"x" * 8_000_000)
            [answer] = wire.rest()
        check_refused(answer, "body_too_large")


def test_a_client_that_goes_on_sending_after_its_answer_is_cut_off(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        wire.send(b"\x00").next_answer()
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            wire.send_for_ever(b"x" * 1000)


def test_stuck_clients_do_not_hold_up_the_shutdown(patient_service: ServiceProcess) -> None:
    """A request that is here is answered, one that is on its way is told to come again, all others are cut."""
    stuck = {"silent": b"", "idle": HEALTH, "head": HALF_HEAD, "body": HALF_BODY}
    with ExitStack() as stack:
        wires = [(kind, stack.enter_context(Wire(patient_service)).send(stuck[kind])) for kind in [*stuck] * 13]
        idle = [wire.next_answer().status for kind, wire in wires if kind == "idle"]
        assert set(idle) == {200}
        deaf = stack.enter_context(Wire(patient_service, receive_buffer=4096))
        clog(deaf, patient_service)
        under_way = stack.enter_context(Wire(patient_service)).send(HEALTH.replace(b"health", b"ready"))
        assert patient_service.answers("/api/v1/health"), "so that all of the above has been read"
        patient_service.tell_to_stop()
        assert under_way.next_answer().json()["ready"] is False
        assert patient_service.process.wait(5) in {0, -signal.SIGTERM}
        for kind, wire in wires:
            codes = [answer.json()["code"] for answer in wire.rest()]
            assert codes == (["shutting_down"] if kind in {"head", "body"} else [])


def test_what_is_refused_by_a_shutdown_may_come_again(patient_service: ServiceProcess) -> None:
    with Wire(patient_service) as wire:
        wire.send(HALF_BODY)
        assert patient_service.answers("/api/v1/health"), "so that it has been read"
        patient_service.tell_to_stop()
        [answer] = wire.rest()
    check_refused(answer, "shutting_down")
    check_logged(patient_service, answer, "shutting_down")
    assert answer.headers["Retry-After"] == "1"


def test_a_request_that_crosses_the_shutdown_cannot_hold_it_up(patient_service: ServiceProcess) -> None:
    """It was sent before its client could know, so the connection is still open; it has to be short about it."""
    with Wire(patient_service) as whole, Wire(patient_service) as half:
        for wire in (whole, half):
            assert wire.send(HEALTH).next_answer().status == 200
        before = len(patient_service.log)
        patient_service.tell_to_stop()
        patient_service.log.wait_for_line(lambda line: line["message"] == "Shutting down", "the shutdown", before)
        whole.send(HEALTH)
        half.send(HALF_HEAD)
        assert [answer.status for answer in whole.rest()] == [200]
        check_refused(half.rest()[0], "shutting_down")
        assert patient_service.process.wait(5) in {0, -signal.SIGTERM}


def test_every_worker_process_is_guarded(impatience: Mapping[str, str], tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path, impatience, workers=2)
    try:
        service.wait_until_alive()
        for _ in range(16):
            with Wire(service) as wire:
                [answer] = wire.send(b"\x00").rest()
            check_refused(answer, "malformed_request")
    finally:
        service.stop()
