"""What is not HTTP/1.1 to the letter is refused, in its turn, with the same record as any other refusal."""

import itertools

import pytest

from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import CHUNKED, HEALTH, NO_SIGNAL, POST, health
from tests.hostile.wire import Wire
from tests.running.service_process import ServiceProcess

MALFORMED = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2 in plain text": b"GET / HTTP/2.0\r\nHost: signals\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "another protocol": b"GET / SIP/2.0\r\nHost: signals\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: signals\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: signals\r\n\r\n",
    "CONNECT": b"CONNECT signals:443 HTTP/1.1\r\nHost: signals\r\n\r\n",
    "CONNECT to a path": b"CONNECT / HTTP/1.1\r\nHost: signals\r\n\r\n",
    "a target of another scheme": b"GET ftp://signals/api/v1/health HTTP/1.1\r\nHost: signals\r\n\r\n",
    "a target that is no URL": b"GET http://signals:99999/ HTTP/1.1\r\nHost: signals\r\n\r\n",
    "a control character in the target": b"GET /\x01 HTTP/1.1\r\nHost: signals\r\n\r\n",
    "a target that is not ASCII": b"GET /\xe9 HTTP/1.1\r\nHost: signals\r\n\r\n",
    "no Host": b"GET /api/v1/health HTTP/1.1\r\n\r\n",
    "two Hosts": health(b"Host: signals"),
    "two Hosts in HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    "a Host with a path": b"GET /api/v1/health HTTP/1.1\r\nHost: signals/x\r\n\r\n",
    "a Host with a user": b"GET /api/v1/health HTTP/1.1\r\nHost: me@signals\r\n\r\n",
    "a Host with a space": b"GET /api/v1/health HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a folded header": health(b"X-Note: a", b" b"),
    "a space before the colon": health(b"X-Note : a"),
    "a header without a colon": health(b"X-Note"),
    "a header without a name": health(b": a"),
    "a bare line feed": b"GET /api/v1/health HTTP/1.1\nHost: signals\n\n",
    "a bare carriage return": health(b"X-Note: a\rb"),
    "a NUL in a header": health(b"X-Note: \x00"),
    "Content-Length before Transfer-Encoding": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Length after Transfer-Encoding": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "Content-Length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n[]",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n[]",
    "a negative length": POST + b"Content-Length: -2\r\n\r\n[]",
    "a length in hex": POST + b"Content-Length: 0x2\r\n\r\n[]",
    "a length of words": POST + b"Content-Length: two\r\n\r\n[]",
    "no length": POST + b"Content-Length:\r\n\r\n[]",
    "a length of 24 digits": POST + b"Content-Length: 100000000000000000000000\r\n\r\n[]",
    "a length of 2**64": POST + b"Content-Length: 18446744073709551616\r\n\r\n[]",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a vertical tab before the coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a coding in quotes": POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "the identity coding": POST + b"Transfer-Encoding: identity\r\n\r\n[]",
    "a compressed body": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a compressed body, in two headers": POST
    + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an empty coding": POST + b"Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"2\r\n[]\r\nz\r\n",
    "a chunk size with a space": CHUNKED + b"2 \r\n[]\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\n[]\r\n0\r\n\r\n",
    "a chunk size that overflows": CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n[]",
    "a chunk without its line break": CHUNKED + b"2\r\n[]0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"-2\r\n[]\r\n0\r\n\r\n",
    "a chunk size of 0x2": CHUNKED + b"0x2\r\n[]\r\n0\r\n\r\n",
    "a line feed after a chunk": CHUNKED + b"2\n[]\n0\n\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_http_is_refused(service: ServiceProcess, sent: bytes) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(sent).rest()
    check_refused(answer, "malformed_request")
    check_logged(service, answer, "malformed_request")


ACCEPTED = {
    "an absolute target": b"GET http://signals/api/v1/health HTTP/1.1\r\nHost: signals\r\nConnection: close\r\n\r\n",
    "an empty Host": b"GET /api/v1/health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "a Host that is an address": b"GET /api/v1/health HTTP/1.1\r\nHost: [::1]:8000 \r\nConnection: close\r\n\r\n",
    "HTTP/1.0 without Host": b"GET /api/v1/health HTTP/1.0\r\n\r\n",
    "empty lines before the request": b"\r\n\r\n" + health(b"Connection: close"),
}


@pytest.mark.parametrize("sent", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_unusual_but_http_is_answered(service: ServiceProcess, sent: bytes) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(sent).rest()
    assert answer.status == 200


def test_chunked_is_read_in_any_letter_case(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        wire.send(POST + b"Transfer-Encoding: CHUNKED \r\n\r\n2;note=a\r\n[]\r\n0\r\n\r\n")
        assert wire.next_answer().status == 422


def test_the_callers_request_id_is_kept_when_it_came_before_the_fault(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(health(b"X-Request-Id: desk-7", b"X-Note: \x00")).rest()
    assert answer.request_id == "desk-7"
    check_refused(answer, "malformed_request")
    closing = service.log.about("desk-7", 0)[-1]
    assert (closing["method"], closing["path"]) == ("GET", "/api/v1/health")


def test_refusals_are_counted(service: ServiceProcess) -> None:
    def count(line: str) -> float:
        text = service.client.get(f"{service.url}/metrics").text
        return sum(float(each.rpartition(" ")[2]) for each in text.splitlines() if each.startswith(line))

    rejected = 'signals_rejected_total{code="malformed_request"}'
    answered = 'http_requests_total{method="GET",route="unmatched",status="400"}'
    before = count(rejected), count(answered)
    with Wire(service) as wire:
        wire.send(health(b"Host: b")).rest()
    assert (count(rejected), count(answered)) == (before[0] + 1, before[1] + 1)


def test_a_trailer_is_no_header(service: ServiceProcess) -> None:
    without_type = CHUNKED.replace(b"Content-Type: application/json\r\n", b"")
    with Wire(service) as wire:
        wire.send(without_type + b"2\r\n[]\r\n0\r\nContent-Type: application/json\r\nX-Request-Id: trailer\r\n\r\n")
        answer = wire.next_answer()
    assert answer.status == 415
    assert answer.request_id != "trailer"


@pytest.mark.parametrize("garbage", [b"\x00", b"GET\r\n", b"\x16\x03\x01", b"[]", health(b"Host: b")])
@pytest.mark.parametrize(("valid", "status"), [(HEALTH, 200), (NO_SIGNAL, 422)], ids=["without body", "with body"])
def test_garbage_does_not_hide_the_answer_before_it(
    service: ServiceProcess, valid: bytes, status: int, garbage: bytes
) -> None:
    with Wire(service) as wire:
        answers = wire.send(valid + valid + garbage).rest()
    assert [answer.status for answer in answers] == [status, status, 400]


def test_what_follows_garbage_is_not_read(service: ServiceProcess) -> None:
    """The answer about readiness needs the database and takes its time, in which more garbage arrives."""
    with Wire(service) as wire:
        answers = wire.send(HEALTH.replace(b"health", b"ready") + b"\x00").drip(itertools.repeat(HEALTH))
    assert [answer.status for answer in answers] == [503, 400]


@pytest.mark.parametrize("number", [50, 3000])
def test_requests_sent_ahead_are_answered_in_order(service: ServiceProcess, number: int) -> None:
    with Wire(service) as wire:
        wire.send(b"".join(health(b"X-Request-Id: %d" % n) for n in range(number))).finish()
        answers = wire.rest()
    assert [answer.request_id for answer in answers] == [str(n) for n in range(number)]
    assert {answer.status for answer in answers} == {200}


def test_bodies_sent_ahead_are_read_whole(service: ServiceProcess) -> None:
    padded = POST + b"Content-Length: 5000\r\n\r\n" + b"[]".ljust(5000)
    with Wire(service) as wire:
        answers = wire.send(padded * 50).finish().rest()
    assert [answer.status for answer in answers] == [422] * 50


def test_the_rest_is_asked_for_only_when_it_can_be_accepted(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert wire.next_answer().status == 100
        assert wire.send(b"[]").next_answer().status == 422
    with Wire(service) as wire:
        [answer] = wire.send(POST + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n").rest()
    check_refused(answer, "body_too_large")
