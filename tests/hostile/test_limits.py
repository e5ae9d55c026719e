"""What a client may take: bytes and seconds."""

import itertools
from collections.abc import Iterable

import pytest

from service.wire.head import HEADERS_MAX
from tests.hostile.conftest import BODY_MAX_BYTES, HEAD_MAX_BYTES, IDLE_SECONDS, RECEIVE_SECONDS
from tests.hostile.costs import MEMORY_BYTES, check_duration, forget_peak, is_connected, linux_only, peak, unread_bytes
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import CHUNKED, HEALTH, LONGEST, NO_SIGNAL, POST, chunks, health
from tests.hostile.wire import Wire, clog
from tests.running.service_process import ServiceProcess
from tests.running.waiting import wait_until

UNREAD_BYTES = 300_000


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


@pytest.mark.parametrize("path", [b"health", b"ready", b"version"])
@pytest.mark.parametrize("framing", [b"Content-Length: 1", b"Transfer-Encoding: chunked"])
def test_where_nothing_is_to_be_sent_no_body_is_read(service: ServiceProcess, path: bytes, framing: bytes) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(health(framing).replace(b"health", path) + b"1\r\n[\r\n").rest()
    check_refused(answer, "body_too_large")


@pytest.mark.parametrize("count", [99, 100])
def test_a_head_may_have_a_hundred_headers(service: ServiceProcess, count: int) -> None:
    """Host is the first one."""
    with Wire(service) as wire:
        answer = wire.send(health(*[b"A:"] * count)).next_answer()
    assert answer.status == (200 if count < HEADERS_MAX else 431)


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


LAST = (
    health(b"Connection: close"),
    POST.replace(b"json", b"xml") + b"Content-Length: 2\r\n\r\n[]",
    health(b"Host: b"),
)
"""Requests with which the connection ends: the client says so, the body is left unread, it is no HTTP."""


def test_a_client_is_told_how_long_it_may_be_idle_if_it_may(patient_service: ServiceProcess) -> None:
    with Wire(patient_service) as wire:
        for sent in (HEALTH, NO_SIGNAL):
            answer = wire.send(sent).next_answer()
            assert answer.headers["Keep-Alive"] == "timeout=30"
            assert answer.headers.get_list("Connection") == ["keep-alive"]
    for sent in LAST:
        with Wire(patient_service) as wire:
            [answer] = wire.send(sent).rest()
        assert answer.headers.get_list("Connection") == ["close"]
        assert "Keep-Alive" not in answer.headers


def test_less_than_a_second_is_not_told(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        assert not {"connection", "keep-alive"} & wire.send(HEALTH).next_answer().headers.keys()


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
    forget_peak(service)
    memory = peak(service)
    with Wire(service, receive_buffer=4096) as wire:
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            wire.send_for_ever(HEALTH.replace(b"/api/v1/health", b"/metrics") * 1000)
        wait_until(lambda: not is_connected(wire.port), "the connection is gone")
    assert peak(service) - memory < MEMORY_BYTES


@linux_only
def test_what_such_a_client_has_not_read_is_thrown_away(service: ServiceProcess) -> None:
    """All its requests have been read, so that nothing but the service's own will resets the connection. Without
    that the kernel would keep megabytes of answers for minutes."""
    with Wire(service, receive_buffer=4096) as wire:
        clog(wire, service)
        wait_until(lambda: not is_connected(wire.port), "the connection is gone")
        with pytest.raises(OSError, match="reset"):
            wire.rest()


@linux_only
def test_what_a_client_does_not_read_is_not_kept_by_the_kernel_either(service: ServiceProcess) -> None:
    """Seen red with the kernel's own send buffers, which grow to megabytes for each connection."""
    with Wire(service, receive_buffer=4096) as wire:
        wire.send(LONGEST * 9)
        wait_until(lambda: unread_bytes(wire.port) > 0, "the answer has begun")
        assert service.answers("/api/v1/health"), "so that all that fits has been written"
        assert unread_bytes(wire.port) < UNREAD_BYTES
