"""What a client may take: bytes and seconds."""

import itertools
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.hostile.conftest import BODY_MAX_BYTES, HEAD_MAX_BYTES, IDLE_SECONDS, RECEIVE_SECONDS
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import CHUNKED, HEALTH, POST, chunks, health
from tests.hostile.wire import Wire, clog
from tests.service_process import ServiceProcess
from tests.waiting import wait_until

EARLY_SECONDS, LATE_SECONDS = 0.1, 2.0
"""By how much a limit may be missed: timers are coarse, and machines that run tests are busy."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of another process in /proc")

FLOOD_BYTES = 10_000_000
MEMORY_BYTES = 10_000_000


def head_of(size: int) -> bytes:
    room = size - len(health(b"Connection: close", b"X-Note: "))
    return health(b"Connection: close", b"X-Note: " + b"x" * room)


def test_a_head_of_exactly_the_limit_is_read(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(head_of(HEAD_MAX_BYTES)).rest()
    assert answer.status == 200


def test_a_head_above_the_limit_is_refused(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(head_of(HEAD_MAX_BYTES + 1)).rest()
    check_refused(answer, "headers_too_large")
    check_logged(service, answer, "headers_too_large")


def test_the_limit_holds_for_each_request_of_a_connection(service: ServiceProcess) -> None:
    large = health(b"X-Note: " + b"x" * (HEAD_MAX_BYTES // 2))
    with Wire(service) as wire:
        answers = wire.send(large * 5 + head_of(HEAD_MAX_BYTES + 1)).rest()
    assert [answer.status for answer in answers] == [200] * 5 + [431]


@pytest.mark.parametrize("size", [3, BODY_MAX_BYTES])
def test_a_body_of_exactly_the_limit_may_come_in_small_chunks(service: ServiceProcess, size: int) -> None:
    with Wire(service) as wire:
        assert wire.send(CHUNKED + chunks(b"[]".ljust(BODY_MAX_BYTES), size)).next_answer().status == 422


FLOODS = {
    "one header": (health()[:-2] + b"X-Note: ", b"x", "headers_too_large"),
    "many headers": (health()[:-2], b"A: b\r\n", "headers_too_large"),
    "a target": (b"GET /", b"x", "headers_too_large"),
    "empty lines": (b"", b"\r\n", "headers_too_large"),
    "spaces before a value": (health()[:-2] + b"X-Note:", b" ", "headers_too_large"),
    "a chunk": (CHUNKED + b"fffffff\r\n", b"x", "body_too_large"),
    "chunks of one byte": (CHUNKED, b"1\r\n \r\n", "body_too_large"),
    "an extension of a chunk": (CHUNKED + b"1;", b"x", "body_too_large"),
    "leading zeros of a chunk size": (CHUNKED, b"0", "body_too_large"),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n", "body_too_large"),
    "a body of declared length": (POST + b"Content-Length: 99999999\r\n\r\n", b"x", "body_too_large"),
}


@linux_only
@pytest.mark.parametrize(("begin", "unit", "code"), FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_refused_and_costs_no_memory(service: ServiceProcess, begin: bytes, unit: bytes, code: str) -> None:
    forget_peak(service)
    memory = peak(service)
    with Wire(service) as wire:
        piece = unit * (1_000_000 // len(unit))
        wire.send(begin)
        for _ in range(FLOOD_BYTES // len(piece)):
            wire.send(piece)
        [answer] = wire.rest()
    check_refused(answer, code)
    check_logged(service, answer, code)
    assert peak(service) - memory < MEMORY_BYTES


def test_empty_lines_after_a_request_are_limited_too(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        assert wire.send(HEALTH).next_answer().status == 200
        [answer] = wire.send(b"\r\n" * FLOOD_BYTES).rest()
    check_refused(answer, "headers_too_large")


DRIPS = {
    "nothing after the first byte": (b"G", itertools.repeat(b"")),
    "a head, byte by byte": (b"GET / HTTP/1.1\r\nX-Note: ", itertools.repeat(b"x")),
    "a head, line by line": (b"GET / HTTP/1.1\r\n", itertools.repeat(b"A: b\r\n")),
    "nothing of the body": (POST + b"Content-Length: 1000\r\n\r\n", itertools.repeat(b"")),
    "a body, byte by byte": (POST + b"Content-Length: 1000\r\n\r\n", itertools.repeat(b"x")),
    "a body, chunk by chunk": (CHUNKED, itertools.repeat(b"1\r\nx\r\n")),
    "trailers": (CHUNKED + b"0\r\n", itertools.repeat(b"A: b\r\n")),
}


@pytest.mark.parametrize(("begin", "pieces"), DRIPS.values(), ids=DRIPS.keys())
def test_a_request_has_a_deadline(service: ServiceProcess, begin: bytes, pieces: Iterable[bytes]) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(begin).drip(pieces)
    check_refused(answer, "request_timeout")
    check_logged(service, answer, "request_timeout")
    check_duration(answer.seconds, RECEIVE_SECONDS)


IDLERS = {
    "nothing at all": (b"", b"", 0),
    "empty lines only": (b"\r\n", b"\r\n", 0),
    "nothing after a request": (HEALTH, b"", 1),
    "empty lines after a request": (HEALTH, b"\r\n", 1),
}


@pytest.mark.parametrize(("begin", "piece", "answered"), IDLERS.values(), ids=IDLERS.keys())
def test_an_idle_connection_is_closed(service: ServiceProcess, begin: bytes, piece: bytes, answered: int) -> None:
    with Wire(service) as wire:
        answers = wire.send(begin).drip(itertools.repeat(piece))
        check_duration(wire.seconds, IDLE_SECONDS)
    assert [answer.status for answer in answers] == [200] * answered


def test_a_connection_on_which_a_request_has_begun_is_not_idle(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        first, second = wire.send(HEALTH + HEALTH[:10]).rest()
    assert first.status == 200
    check_refused(second, "request_timeout")
    check_duration(second.seconds, RECEIVE_SECONDS)


def test_time_spent_on_earlier_answers_does_not_count(service: ServiceProcess) -> None:
    """The answers about readiness need the database, which takes longer than the third request has."""
    ready = HEALTH.replace(b"health", b"ready")
    longer_than_is_read_ahead = b"[]".ljust(5000)
    with Wire(service) as wire:
        wire.send(ready + ready + POST + b"Content-Length: 5000\r\n\r\n" + longer_than_is_read_ahead)
        answers = [wire.next_answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 422]
    assert answers[0].seconds > RECEIVE_SECONDS


@linux_only
def test_a_client_that_reads_nothing_is_cut_off(service: ServiceProcess) -> None:
    """It sends many requests ahead, each with a long answer. They are held back, unread, at no cost in memory."""
    before = descriptors(service)
    forget_peak(service)
    memory = peak(service)
    with Wire(service, receive_buffer=4096) as wire:
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            wire.send(HEALTH.replace(b"/api/v1/health", b"/metrics") * 200_000)
        wait_until(lambda: descriptors(service) <= before, "the connection is gone")
    assert peak(service) - memory < MEMORY_BYTES


@linux_only
def test_what_such_a_client_has_not_read_is_thrown_away(service: ServiceProcess) -> None:
    """All its requests have been read, so that nothing but the service's own will resets the connection. Without
    that the kernel would keep megabytes of answers for minutes."""
    before = descriptors(service)
    with Wire(service, receive_buffer=4096) as wire:
        clog(wire, service)
        wait_until(lambda: descriptors(service) <= before, "the connection is gone")
        with pytest.raises(OSError, match="reset"):
            wire.rest()


def check_duration(seconds: float, limit: float) -> None:
    assert limit - EARLY_SECONDS <= seconds < limit + LATE_SECONDS


def forget_peak(service: ServiceProcess) -> None:
    """Let the peak of the memory begin anew from what is in use now."""
    Path(f"/proc/{service.process.pid}/clear_refs").write_text("5")


def peak(service: ServiceProcess) -> int:
    """The most resident memory that the service has had, in bytes."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def descriptors(service: ServiceProcess) -> int:
    """How many file descriptors the service has open."""
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))
