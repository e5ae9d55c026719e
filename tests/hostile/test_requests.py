"""Requests around a signed signal, each with the one right answer.

The numbers are those of section D of the list of hostile inputs from which the contract was written. What is no
HTTP/1.1, Upgrade, Expect and pipelines are in test_protocol.py; floods in test_limits.py; half-closed clients in
test_endings.py. Seen to fail when paths are decoded, Content-Encoding or charset is ignored, and trailers pass for
headers.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.hostile.requests import encode, encoded_head, signal_body, signed
from tests.hostile.trial import check_outcome, rows
from tests.hostile.wire import Wire
from tests.observing.contract import check_created, check_refusal
from tests.running.fleet import Running
from tests.running.waiting import wait_until
from tests.speaking.exchange import SIGNALS, Request
from tests.speaking.producer import SIGNATURE, TIMESTAMP

BODY = signal_body()

TYPES = {
    "nothing": b"",
    "text/plain": b"text/plain",
    "a form": b"application/x-www-form-urlencoded",
    "application/jsonx": b"application/jsonx",
    "application/json and more": b"application/json, text/plain",
    "application": b"application",
    "text/json": b"text/json",
    "UTF-16": b"application/json; charset=utf-16",
    "Latin-1": b'application/json; charset="latin-1"',
    "two charsets": b"application/json; charset=utf-8; charset=utf-7",
    "not ASCII": b"application/json\xe9",
}

GOOD_TYPES = (
    b"application/json",
    b"APPLICATION/JSON",
    b"application/json; charset=UTF-8",
    b'application/json;charset="utf-8"',
)

PATHS = (
    "/api/v1/signals/", "//api/v1/signals", "/api//v1/signals", "/./api/v1/signals", "/api/v1/./signals",
    "/api/v1/x/../signals", "/api/v1/Signals", "/API/v1/signals", "/api/v1/%73ignals", "/api%2Fv1%2Fsignals",
    "/api/v1/signals%00", "/api/v1/signals;x", "/api/v1/signals%20", "/api/v1/signals%2F", "/api\\v1\\signals", "*",
)  # fmt: skip


@pytest.mark.parametrize("value", TYPES.values(), ids=TYPES.keys())
def test_44_another_content_type(running: Running, value: bytes) -> None:
    check_outcome(running, signed(BODY).setting("Content-Type", value), "unsupported_media_type")


@pytest.mark.parametrize("value", GOOD_TYPES)
def test_44_json_in_other_words(running: Running, value: bytes) -> None:
    check_outcome(running, signed(BODY).setting("Content-Type", value), None)


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"identity, gzip", b"none"])
def test_44_a_coded_body(running: Running, coding: bytes) -> None:
    """Whatever it says, nothing is unpacked, so there are no bombs."""
    check_outcome(running, signed(BODY).adding("Content-Encoding", coding), "unsupported_media_type")


@pytest.mark.parametrize("coding", [b"identity", b"Identity", b"", b"identity, identity"])
def test_44_a_body_that_says_it_is_not_coded(running: Running, coding: bytes) -> None:
    check_outcome(running, signed(BODY).adding("Content-Encoding", coding), None)


def test_44_no_content_type_and_two(running: Running) -> None:
    request = signed(BODY)
    check_outcome(running, request.without("Content-Type"), "unsupported_media_type")
    check_outcome(running, request.adding("Content-Type", b"application/json"), "unsupported_media_type")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_45_another_method(running: Running, method: str) -> None:
    with Wire(running.service) as wire:
        answer = wire.send(encode(replace(signed(BODY), method=method))).next_answer()
    check_refusal(answer, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", PATHS)
def test_46_another_path(running: Running, path: str) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        answer = wire.send(encode(replace(signed(BODY), path=path))).next_answer()
    check_refusal(answer, "not_found")
    assert rows(running) == before


ASIDE: dict[str, Callable[[Request], bytes]] = {
    "46 a query": lambda request: encode(replace(request, path=f"{SIGNALS}?side=1&x=%00")),
    "51 in chunks": lambda request: encode(replace(request, length_declared=False)),
    "53 an absolute target": lambda request: encode(replace(request, path=f"http://signals{SIGNALS}")),
    "53 HTTP/1.0": lambda request: encode(request).replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1),
    "40 a trailer that is a header already": lambda request: (
        encode(replace(request, length_declared=False))[:-2] + b"X-Signature: x\r\n\r\n"
    ),
}


@pytest.mark.parametrize("spell", ASIDE.values(), ids=ASIDE.keys())
def test_what_is_aside_of_the_signal_does_not_matter(running: Running, spell: Callable[[Request], bytes]) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        check_created(wire.send(spell(signed(BODY))).next_answer())
    assert rows(running) == before + 1


def test_36_no_length_is_no_body(running: Running) -> None:
    """What follows is the next request, and none."""
    for body, code in {b"": "invalid_json", BODY: "signature_mismatch"}.items():
        head = encoded_head(signed(body)).replace(b"Content-Length: %d\r\n" % len(body), b"")
        with Wire(running.service) as wire:
            check_refusal(wire.send(head + body).next_answer(), code)


def test_40_a_signature_in_a_trailer_is_none(running: Running) -> None:
    request = signed(BODY, length_declared=False)
    trailer = b"X-Signature: %s\r\n\r\n" % request.header(SIGNATURE)
    before = rows(running)
    with Wire(running.service) as wire:
        answer = wire.send(encode(request.without(SIGNATURE))[:-2] + trailer).next_answer()
    check_refusal(answer, "header_missing")
    assert rows(running) == before


def test_47_a_signal_that_waits_to_be_asked_for(running: Running) -> None:
    request = signed(BODY).adding("Expect", b"100-continue")
    with Wire(running.service) as wire:
        assert wire.send(encoded_head(request)).next_answer().status == 100
        check_created(wire.send(BODY).next_answer())


@pytest.mark.parametrize(
    "spoil",
    [lambda request: request.without(SIGNATURE), lambda request: request.setting(TIMESTAMP, b"2001-09-09T01:46:40Z")],
    ids=["no signature", "too old"],
)
@pytest.mark.parametrize("length", [b"100", b"99999999"])
def test_47_what_must_fail_whatever_its_body_is_is_not_asked_for_it(
    running: Running, spoil: Callable[[Request], Request], length: bytes
) -> None:
    head = encoded_head(spoil(signed(b""))).replace(b"Content-Length: 0", b"Content-Length: " + length)
    with Wire(running.service) as wire:
        [answer] = wire.send(head[:-2] + b"Expect: 100-continue\r\n\r\n").rest()
    assert answer.status == 401


def test_49_garbage_behind_a_signal_does_not_hide_that_it_is_stored(running: Running) -> None:
    before = rows(running)
    with Wire(running.service) as wire:
        created, refused = wire.send(encode(signed(BODY)) + b"\x00garbage").rest()
    check_created(created)
    check_refusal(refused, "malformed_request")
    assert rows(running) == before + 1


def test_49_signals_sent_ahead_are_all_stored(running: Running) -> None:
    requests = [signed(signal_body(version=str(number))) for number in range(1, 51)]
    with Wire(running.service) as wire:
        answers = wire.send(b"".join(map(encode, requests))).finish().rest()
    assert [answer.status for answer in answers] == [201] * 50
    stored = "SELECT array_agg(version ORDER BY id) FROM signals WHERE id = ANY($1::uuid[])"
    assert running.database.value(stored, [answer.json()["id"] for answer in answers]) == list(range(1, 51))


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("leave", [Wire.close, Wire.reset])
def test_51_all_but_the_last_byte_of_a_signal(running: Running, declared: bool, leave: Callable[[Wire], None]) -> None:
    """Of one in chunks this is the whole body, but not its end. Seen to fail when what has come is taken for all."""
    before, position = rows(running), len(running.service.log)
    with Wire(running.service) as wire:
        wire.send(encode(signed(BODY, length_declared=declared))[:-1])
        assert running.service.answers("/api/v1/health"), "so that it has been read"
        leave(wire)
    wait_until(lambda: any(line.get("path") == SIGNALS for line in running.service.log.since(position)), "its end")
    assert rows(running) == before


def test_52_a_client_that_has_said_all_gets_its_answer(running: Running) -> None:
    with Wire(running.service) as wire:
        [answer] = wire.send(encode(signed(BODY))).finish().rest()
    check_created(answer)
