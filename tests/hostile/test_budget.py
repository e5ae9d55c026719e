"""What unfinished requests may make the service keep, all of them together: who has taken longest has to go."""

from collections.abc import Iterator, Mapping

import pytest

from service.wire.budget import FREE_BYTES
from tests.hostile.conftest import BODY_MAX_BYTES
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import HEALTH, POST
from tests.hostile.wire import Wire
from tests.running.service_process import ServiceProcess, limited

LARGE = b"[]".ljust(BODY_MAX_BYTES)
BEGUN = POST + b"Content-Length: %d\r\n\r\n" % len(LARGE)


@pytest.fixture(scope="module")
def poor(impatience: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that keeps two and a half of the largest bodies, and waits for what is to come."""
    patience = {"SIGNALS_IDLE_SECONDS": "30", "SIGNALS_RECEIVE_SECONDS": "30"}
    settings = {**impatience, **patience, **limited(unproven_bytes=BODY_MAX_BYTES * 5 // 2)}
    running = ServiceProcess(tmp_path_factory.mktemp("service"), settings)
    running.wait_until_alive()
    yield running
    running.stop()


def seen(service: ServiceProcess) -> bool:
    """What was sent before is read."""
    return service.answers("/api/v1/health")


def test_who_has_taken_longest_has_to_go(poor: ServiceProcess) -> None:
    with Wire(poor) as first, Wire(poor) as second, Wire(poor) as third:
        for wire in (first, second):
            wire.send(BEGUN + LARGE[:-1])
            assert seen(poor)
        third.send(BEGUN + LARGE[:-1])
        [answer] = first.rest()
        check_refused(answer, "overloaded")
        check_logged(poor, answer, "overloaded")
        assert [wire.send(LARGE[-1:]).next_answer().status for wire in (second, third)] == [422, 422]


def test_what_has_arrived_completely_does_not_count(poor: ServiceProcess) -> None:
    with Wire(poor) as first, Wire(poor) as other:
        first.send(BEGUN + LARGE[:-1])
        assert seen(poor)
        for _ in range(5):
            assert other.send(BEGUN + LARGE).next_answer().status == 422
        assert first.send(LARGE[-1:]).next_answer().status == 422


def test_nor_does_what_was_refused_or_given_up(poor: ServiceProcess) -> None:
    with Wire(poor) as first:
        first.send(BEGUN + LARGE[:-1])
        assert seen(poor)
        for _ in range(5):
            with Wire(poor) as other:
                [answer] = other.send(BEGUN.replace(b"json", b"xml") + LARGE[:-1]).rest()
                check_refused(answer, "unsupported_media_type")
            with Wire(poor) as another:
                another.send(BEGUN + LARGE[:-1])
                assert seen(poor)
        assert first.send(LARGE[-1:]).next_answer().status == 422


def test_who_has_sent_little_stays(poor: ServiceProcess) -> None:
    little = FREE_BYTES // 2
    with Wire(poor) as small:
        small.send(BEGUN + LARGE[:little])
        assert seen(poor)
        with Wire(poor) as first, Wire(poor) as second, Wire(poor) as third:
            for wire in (first, second, third):
                wire.send(BEGUN + LARGE[:-1])
            assert third.send(LARGE[-1:]).next_answer().status == 422
        assert small.send(LARGE[little:]).next_answer().status == 422


@pytest.mark.parametrize("ahead", [HEALTH * 40, HEALTH * 2000], ids=["read", "held back"])
def test_requests_that_wait_count_and_what_was_begun_is_answered(poor: ServiceProcess, ahead: bytes) -> None:
    """The answer about readiness needs the database and takes its time."""
    with Wire(poor) as wire:
        wire.send(HEALTH.replace(b"health", b"ready") + ahead)
        ready, refused = wire.rest()
    assert ready.json()["ready"] is False
    check_refused(refused, "overloaded")


def test_a_head_counts_with_its_headers(poor: ServiceProcess) -> None:
    many = HEALTH[:-2] + b"X-Note: x\r\n" * 90
    with Wire(poor) as first, Wire(poor) as second, Wire(poor) as third:
        for wire in (first, second, third):
            wire.send(many)
            assert seen(poor)
        [answer] = first.rest()
        check_refused(answer, "overloaded")
        assert [wire.send(b"\r\n").next_answer().status for wire in (second, third)] == [200, 200]
