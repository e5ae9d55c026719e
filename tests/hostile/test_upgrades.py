"""A request that offers to go on in another protocol is answered as HTTP/1.1, body and all (RFC 9110 section 7.8), and
nothing can be smuggled behind the offer."""

import pytest

from tests.hostile.conftest import HEAD_MAX_BYTES
from tests.hostile.refusals import check_refused
from tests.hostile.requests import POST, chunks, claiming, encode, health, signal_body, signed
from tests.hostile.trial import rows
from tests.hostile.wire import Wire
from tests.observing.contract import check_created, check_refusal
from tests.running.fleet import Running
from tests.running.service_process import ServiceProcess
from tests.speaking.exchange import Request

JAVA = (
    ("Connection", b"Upgrade, HTTP2-Settings"),
    ("HTTP2-Settings", b"AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
    ("Upgrade", b"h2c"),
)
"""What java.net.http.HttpClient sends with its defaults."""

OFFERS: dict[str, tuple[tuple[str, bytes], ...]] = {
    "HTTP/2, as Java offers it": JAVA,
    "WebSocket": (
        ("Connection", b"keep-alive, Upgrade"),
        ("Upgrade", b"websocket"),
        ("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", b"13"),
    ),
    "TLS": (("Upgrade", b"TLS/1.0, HTTP/1.1"), ("Connection", b"Upgrade")),
    "two": (("Connection", b"upgrade"), ("Upgrade", b"h2c"), ("Connection", b"UPGRADE"), ("upgrade", b"websocket")),
    "nothing in particular": (("Connection", b"Upgrade"), ("Upgrade", b"")),
    "one that Connection does not name": (("Upgrade", b"h2c"),),
}

OFFER = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"


def offering(request: Request, offer: tuple[tuple[str, bytes], ...]) -> Request:
    """The request with an offer."""
    for name, value in offer:
        request = request.adding(name, value)
    return request


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
@pytest.mark.parametrize("declared", [True, False])
def test_a_signal_with_an_offer_is_stored_and_the_connection_goes_on(
    running: Running, offer: tuple[tuple[str, bytes], ...], declared: bool
) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        for number in range(1, 4):
            request = signed(signal_body(version=str(number)), length_declared=declared)
            check_created(wire.send(encode(offering(request, offer))).next_answer())
    assert rows(running) == before + 3


def test_it_does_not_matter_how_the_request_is_cut(running: Running) -> None:
    whole = encode(offering(signed(signal_body()), JAVA))
    before = rows(running)
    with Wire(running.service) as wire:
        for place in range(len(whole)):
            wire.send(whole[place : place + 1])
        check_created(wire.next_answer())
    assert rows(running) == before + 1


def test_offers_sent_ahead_are_answered_in_order(service: ServiceProcess) -> None:
    lines = OFFER.rstrip().split(b"\r\n")
    with Wire(service) as wire:
        wire.send(b"".join(health(*lines, b"X-Request-Id: %d" % number) for number in range(100))).finish()
        answers = wire.rest()
    assert [answer.request_id for answer in answers] == [str(number) for number in range(100)]


def test_the_last_request_of_a_connection_stays_the_last(running: Running) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        last = health(b"Connection: close, Upgrade", b"Upgrade: h2c")
        [answer] = wire.send(last + encode(signed(signal_body()))).rest()
    assert (answer.status, answer.headers["Connection"], rows(running)) == (200, "close", before)


def test_one_of_http_1_0_is_answered_as_such(service: ServiceProcess) -> None:
    with Wire(service) as wire:
        [answer] = wire.send(b"GET /api/v1/health HTTP/1.0\r\n" + OFFER + b"\r\n").rest()
    assert answer.status == 200


def test_the_rest_is_asked_for_as_ever(running: Running) -> None:
    request = offering(signed(signal_body()), JAVA).adding("Expect", b"100-continue")
    head, body = encode(request).split(b"\r\n\r\n")
    with Wire(running.service) as wire:
        assert wire.send(head + b"\r\n\r\n").next_answer().status == 100
        check_created(wire.send(body).next_answer())


@pytest.mark.parametrize("size", [HEAD_MAX_BYTES, HEAD_MAX_BYTES + 1])
def test_the_offer_counts_as_part_of_the_head(service: ServiceProcess, size: int) -> None:
    shortest = health(b"Connection: close, Upgrade", b"Upgrade: ")
    head = health(b"Connection: close, Upgrade", b"Upgrade: " + b"x" * (size - len(shortest)))
    with Wire(service) as wire:
        [answer] = wire.send(head).rest()
    assert answer.status == (200 if size <= HEAD_MAX_BYTES else 431)


FRAMES = b"\x81\x85\x00\x00\x00\x00hello"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize("behind", [FRAMES, PREFACE], ids=["WebSocket", "HTTP/2"])
def test_who_goes_on_in_the_other_protocol_is_not_understood(service: ServiceProcess, behind: bytes) -> None:
    with Wire(service) as wire:
        first, second = wire.send(health(*OFFER.rstrip().split(b"\r\n")) + behind).rest()
    assert first.status == 200
    check_refused(second, "malformed_request")


SMUGGLING = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 0\r\n",
    "a length before a coding": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
    "a length behind a coding": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
    "a coding that is none": b"Transfer-Encoding: xchunked\r\n",
    "a coding behind chunked": b"Transfer-Encoding: chunked, identity\r\n",
    "a coding before chunked": b"Transfer-Encoding: gzip, chunked\r\n",
    "two codings": b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
    "a folded line": b"X-Note: a\r\n b\r\nContent-Length: 0\r\n",
    "a bare line feed": b"X-Note: a\nContent-Length: 0\r\n",
    "a space before the colon": b"Content-Length : 0\r\n",
    "another Host": b"Host: elsewhere\r\n",
    "the offer spoilt": b"Upgrade : h2c\r\n",
}


@pytest.mark.parametrize("lines", SMUGGLING.values(), ids=SMUGGLING.keys())
@pytest.mark.parametrize("offer_first", [True, False])
def test_what_two_servers_could_read_as_two_requests_is_refused_beside_an_offer_too(
    running: Running, lines: bytes, offer_first: bool
) -> None:
    before = rows(running)
    spoilt = OFFER + lines if offer_first else lines + OFFER
    with Wire(running.service) as wire:
        [answer] = wire.send(claiming(POST) + spoilt + b"\r\n[]" + encode(signed(signal_body()))).rest()
    check_refused(answer, "malformed_request")
    assert rows(running) == before


def test_no_tunnel_is_opened(running: Running) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        tunnel = b"CONNECT signals:443 HTTP/1.1\r\nHost: signals:443\r\n" + OFFER + b"\r\n"
        [answer] = wire.send(tunnel + encode(signed(signal_body()))).rest()
    check_refused(answer, "malformed_request")
    assert rows(running) == before


@pytest.mark.parametrize("chunked", [True, False])
def test_what_is_in_the_body_stays_in_the_body(running: Running, chunked: bool) -> None:
    """A server that takes the offer for the end of the request would store what is hidden in its body."""
    before = rows(running)
    hidden = encode(signed(signal_body()))
    framing = b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % len(hidden)
    body = chunks(hidden, 50) if chunked else hidden
    with Wire(running.service) as wire:
        answer = wire.send(claiming(POST) + OFFER + framing + body).next_answer()
    check_refusal(answer, "signature_mismatch")
    assert answer.json()["body_bytes"] == len(hidden)
    assert rows(running) == before
