"""Proofs of a sender that are none, each with the one right answer.

The numbers are those of section C of the list of hostile inputs from which the contract was written. Its other cases
are elsewhere: 200 identical requests at once in tests/reliability/test_resends.py, secrets that are replaced and the
second at the edge of the window in tests/proof/test_authentication.py, secrets at start in tests/test_settings.py.
Seen to fail when the first of two equal headers is taken, and when the window is 600 seconds.
"""

from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.hostile.requests import encode, signal_body, signed
from tests.hostile.trial import check_outcome, rows
from tests.hostile.wire import Wire
from tests.running.fleet import Running
from tests.speaking.exchange import Request
from tests.speaking.producer import PRODUCER_ID, SIGNATURE, TIMESTAMP, time_text

BODY = signal_body()
Change = Callable[[Request], Request]


def now(seconds: float = 0) -> bytes:
    """The time in so many seconds."""
    return time_text(datetime.now(UTC) + timedelta(seconds=seconds)).encode()


def with_zone() -> bytes:
    """The time, with a zone that can be cut in two."""
    return datetime.now(UTC).replace(microsecond=0).isoformat().encode()


def rewrite(spell: Callable[[bytes], bytes]) -> Change:
    """Another spelling of the signature."""
    return lambda request: request.setting(SIGNATURE, spell(request.header(SIGNATURE)))


def respell(spell: Callable[[bytes], bytes]) -> Change:
    """Another spelling of the MAC."""
    return lambda request: request.setting(SIGNATURE, spell(b64decode(request.header(SIGNATURE))))


def resign(timestamp: Callable[[], bytes] = now, producer_id: bytes = b"alpha") -> Change:
    """Signed rightly, whatever it is that is signed."""
    return lambda _: signed(BODY, timestamp=timestamp(), producer_id=producer_id)


def unused_bits(signature: bytes) -> bytes:
    """The same bytes with another of the four letters that stand for the end of them."""
    return signature[:-2] + bytes([signature[-2] + 1]) + b"="


def twice(name: str, value: bytes | None = None) -> Change:
    """A header once more, with the same or another value."""
    return lambda request: request.adding(name, request.header(name) if value is None else value)


def moved(body: int, timestamp: int) -> Change:
    """The same signed bytes, of which body and timestamp have other shares."""

    def move(request: Request) -> Request:
        whole = BODY + request.header(TIMESTAMP) + request.header(PRODUCER_ID)
        first = len(BODY) + body
        second = len(BODY) + len(request.header(TIMESTAMP)) + timestamp
        changed = request.setting(TIMESTAMP, whole[first:second]).setting(PRODUCER_ID, whole[second:])
        return replace(changed, body=whole[:first])

    return move


ACCEPTED: dict[str, Change] = {
    "27 299 seconds old": resign(lambda: now(-290)),
    "27 299 seconds ahead": resign(lambda: now(290)),
    "28 another zone": resign(lambda: datetime.now(UTC).isoformat().encode()),
    "30 a producer of 64 characters": resign(producer_id=b"~" * 64),
    "30 a producer with signs": resign(producer_id=b"!\"#$%&'()*+,/:;<=>?@[]^`{|}"),
}

REPEATED: dict[str, Change] = {
    f"24 {name} twice, {how}": twice(name, value)
    for name in (PRODUCER_ID, TIMESTAMP, SIGNATURE)
    for how, value in {"the same": None, "another": b"x", "empty": b""}.items()
}

MISSING: dict[str, Change] = {
    "24 without X-Producer-Id": lambda request: request.without(PRODUCER_ID),
    "24 without X-Timestamp": lambda request: request.without(TIMESTAMP),
    "24 without X-Signature": lambda request: request.without(SIGNATURE),
    "24 without any": lambda request: request.without(PRODUCER_ID, TIMESTAMP, SIGNATURE),
    "24 without one, another empty": lambda request: request.without(SIGNATURE).setting(PRODUCER_ID, b""),
    "42 X_Signature": lambda request: request.without(SIGNATURE).adding("X_Signature", request.header(SIGNATURE)),
}

MALFORMED_SIGNATURE: dict[str, Change] = {
    "24 empty": rewrite(lambda _: b""),
    "25 URL-safe": respell(lambda mac: urlsafe_b64encode(b"\xfb" + mac[1:])),
    "25 without padding": rewrite(lambda text: text.rstrip(b"=")),
    "25 with more padding": rewrite(lambda text: text + b"="),
    "25 a space inside": rewrite(lambda text: text[:10] + b" " + text[10:]),
    "25 a tab inside": rewrite(lambda text: text[:10] + b"\t" + text[10:]),
    "25 junk inside": rewrite(lambda text: text[:10] + b"!" + text[10:]),
    "25 unused bits": rewrite(unused_bits),
    "25 in quotes": rewrite(lambda text: b'"' + text + b'"'),
    "25 twice": rewrite(lambda text: text + text),
    "25 a list": rewrite(lambda text: text + b", " + text),
    "26 not ASCII": rewrite(lambda _: b"\xe9\xff" * 22),
    "26 not ASCII behind": rewrite(lambda text: text + b"\xe9"),
    "26 full-width letters": rewrite(lambda text: text.decode().translate({65: 0xFF21, 61: 0xFF1D}).encode()),
    "26 8 KiB of é": rewrite(lambda _: b"\xc3\xa9" * 4096),
}

MISMATCH: dict[str, Change] = {
    "25 one bit off": respell(lambda mac: b64encode(bytes([mac[0] ^ 1]) + mac[1:])),
    "25 the last bit off": respell(lambda mac: b64encode(mac[:-1] + bytes([mac[-1] ^ 1]))),
    "25 hex": respell(lambda mac: mac.hex().encode()),
    "25 in lower case": rewrite(lambda text: text[:-2].lower() + text[-2:]),
    "25 16 bytes": respell(lambda mac: b64encode(mac[:15])),
    "25 zeros": respell(lambda _: b64encode(bytes(32))),
    "25 of another producer": rewrite(lambda _: signed(BODY, producer_id=b"beta").header(SIGNATURE)),
    "26 8 KiB": rewrite(lambda _: b"A" * 8192),
    "30 an empty secret": lambda _: signed(BODY, secret=b""),
    "30 another case of the producer": lambda request: request.setting(
        PRODUCER_ID, request.header(PRODUCER_ID).upper()
    ),
    "32 with another body": lambda request: replace(request, body=signal_body(side="1")),
    "32 with other spacing": lambda request: replace(request, body=BODY + b" "),
    "32 with another time": lambda request: request.setting(TIMESTAMP, now(1)),
    "32 with another producer": lambda request: request.setting(PRODUCER_ID, b"beta"),
}

MALFORMED_TIMESTAMP: dict[str, Change] = {
    "24 empty": resign(lambda: b""),
    "28 naive": resign(lambda: now()[:-1]),
    "28 the date": resign(lambda: now()[:10]),
    "28 Unix seconds": resign(lambda: b"%d" % datetime.now(UTC).timestamp()),
    "28 a zone of hours": resign(lambda: now()[:-1] + b"+00"),
    "28 a zone without colon": resign(lambda: now()[:-1] + b"+0000"),
    "28 a zone with seconds": resign(lambda: now()[:-1] + b"+00:00:30"),
    "28 a zone of a day": resign(lambda: now()[:-1] + b"+24:00"),
    "28 week date": resign(lambda: datetime.now(UTC).strftime("%G-W%V-%uT%H:%M:%SZ").encode()),
    "28 a space for the T": resign(lambda: now().replace(b"T", b" ")),
    "28 an emoji for the T": resign(lambda: now().replace(b"T", "🚀".encode())),
    "28 lower case": resign(lambda: now().lower()),
    "28 a comma": resign(lambda: now().replace(b".", b",")),
    "28 ten digits": resign(lambda: now()[:-1] + b"0000Z"),
    "28 8 KiB of zeros": resign(lambda: now()[:-1] + b"0" * 8192 + b"Z"),
    "28 not ASCII": resign(lambda: now() + b"\xe9"),
    "28 full-width digits": resign(lambda: now().replace(b"2", "\uff12".encode())),
    "29 a byte of the body for the timestamp": moved(-1, 0),
    "29 a byte of the timestamp for the body": moved(1, 0),
    "29 a byte of the timestamp for the producer": moved(0, -1),
    "29 a byte of the producer for the timestamp": moved(0, 1),
    "29 half of the zone for the producer": lambda request: moved(0, -3)(resign(with_zone)(request)),
    "29 the zone for the producer": lambda request: moved(0, -6)(resign(with_zone)(request)),
}

OUTSIDE: dict[str, Change] = {
    "27 310 seconds old": resign(lambda: now(-310)),
    "27 310 seconds ahead": resign(lambda: now(310)),
    "28 the year 1": resign(lambda: b"0001-01-01T00:00:00+14:00"),
    "28 the year 9999": resign(lambda: b"9999-12-31T23:59:59-14:00"),
}

PRODUCERS: dict[str, Change] = {
    "24 empty": resign(producer_id=b""),
    "30 65 characters": resign(producer_id=b"a" * 65),
    "30 a space inside": resign(producer_id=b"a b"),
    "30 a tab inside": resign(producer_id=b"a\tb"),
    "30 not ASCII": resign(producer_id="é".encode()),
    "30 8 KiB": resign(producer_id=b"a" * 8192),
}

CONTROLS: dict[str, Change] = {
    "30 NUL in the producer": resign(producer_id=b"al\0pha"),
    "30 NUL behind the signature": rewrite(lambda text: text + b"\0"),
    "41 a bare line feed in the timestamp": resign(lambda: now() + b"\nX: y"),
}

REFUSED = {
    "header_repeated": REPEATED,
    "header_missing": MISSING,
    "signature_malformed": MALFORMED_SIGNATURE,
    "signature_mismatch": MISMATCH,
    "timestamp_malformed": MALFORMED_TIMESTAMP,
    "timestamp_outside_window": OUTSIDE,
    "producer_id_invalid": PRODUCERS,
    "malformed_request": CONTROLS,
}
CASES = [
    pytest.param(code, change, id=f"{code} {title}")
    for code, table in REFUSED.items()
    for title, change in table.items()
]


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_proven_is_stored(running: Running, change: Change) -> None:
    check_outcome(running, change(signed(BODY)), None)


@pytest.mark.parametrize(("code", "change"), CASES)
def test_what_is_not_proven_is_refused(running: Running, code: str, change: Change) -> None:
    check_outcome(running, change(signed(BODY, producer_id=b"alpha")), code)


@pytest.mark.parametrize("name", [PRODUCER_ID, TIMESTAMP, SIGNATURE, "Content-Type"])
@pytest.mark.parametrize(("before", "behind"), [(b" ", b""), (b"", b" "), (b"", b"\t"), (b"  \t ", b" \t  ")])
def test_spaces_around_a_header_are_no_part_of_it(running: Running, name: str, before: bytes, behind: bytes) -> None:
    """26: they are taken off (RFC 9110 section 5.5)."""
    request = signed(BODY)
    check_outcome(running, request.setting(name, before + request.header(name) + behind), None)


def test_an_exact_resend_gets_the_first_answer_and_no_row(running: Running) -> None:
    """31"""
    request = signed(BODY)
    first = check_outcome(running, request, None)
    before = rows(running)
    with Wire(running.service) as wire:
        again = wire.send(encode(request)).next_answer()
    assert (again.status, again.body, again.replayed) == (201, first.body, True)
    assert rows(running) == before


def test_an_unknown_producer_looks_like_a_wrong_signature(running: Running) -> None:
    """30: whoever is named, what is said about a signature that does not match is the same."""

    def said(producer_id: bytes) -> tuple[object, ...]:
        request = signed(BODY, timestamp=timestamp, producer_id=producer_id, secret=b"guess")
        answer = check_outcome(running, request, "signature_mismatch")
        content = {k: v for k, v in answer.json().items() if k not in {"request_id", "server_time", "skew_seconds"}}
        return content, [name for name, _ in answer.headers.multi_items()]

    timestamp = now()
    assert said(b"nobody") == said(b"alpha") == said(b"ALPHA") == said(b"mt5-gold-1")
