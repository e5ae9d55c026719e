"""The stream of signed hostile inputs: number n of a seed is always the same, but for the time of its signature."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

from tests.hostile.forgeries import forged
from tests.hostile.mutations import mutated
from tests.hostile.naughty import CONTROLS, LETTERS
from tests.hostile.reference import BODY_MAX_BYTES, KEY
from tests.hostile.reference_signal import PAYLOAD_MAX_BYTES
from tests.hostile.requests import signal_body, signed
from tests.hostile.seed import drawing
from tests.hostile.torture import CLASSES, INVALID, value
from tests.running.deployment import SECRET
from tests.speaking.exchange import BATCH, Request
from tests.speaking.payloads import payload_of
from tests.speaking.producer import PRODUCER_ID, SIGNATURE, TIMESTAMP

HEADERS = (
    PRODUCER_ID, TIMESTAMP, SIGNATURE, "Content-Type", "X-Request-Id", "Host", "User-Agent", "Accept",
    "Accept-Encoding", "Cookie", "Authorization", "Origin", "Referer", "Forwarded", "X-Forwarded-For", "X-Real-Ip",
    "Traceparent", "If-Match", "Range", "Via", "Content-Encoding", "Content-MD5", KEY, "X_Signature",
    "X-Http-Method-Override",
)  # fmt: skip
"""Those that the service knows, and those that a service behind a careless framework would."""


@dataclass(frozen=True)
class Input:
    """One hostile request. `title` is the kind that it belongs to."""

    title: str
    request: Request


def hostile_input(number: int) -> Input:
    """Input number `number`, signed now. All kinds come in turn."""
    draw = drawing("signed", number)
    make = _KINDS[number % len(_KINDS)]
    request = replace(make(draw), length_declared=draw.random() < 0.8)
    return Input(make.__name__.strip("_").replace("_", " "), request)


def _torture_as_the_body(draw: random.Random) -> Request:
    return signed(draw.choice(CLASSES)(draw).text)


def _torture_in_the_payload(draw: random.Random) -> Request:
    return signed(torture_in_payload(draw.choice(CLASSES)(draw).text))


def torture_in_payload(text: bytes) -> bytes:
    """The body of a signal that has a value in its payload."""
    return signal_body(payload='{"a":@}').replace(b"@", text)


def _torture_in_a_field(draw: random.Random) -> Request:
    field = draw.choice(["instrument", "side", "time", "payload", "version", "of no concern"])
    return signed(signal_body(**{field: "@"}).replace(b"@", draw.choice(CLASSES)(draw).text))


def _a_naughty_string_in_a_field(draw: random.Random) -> Request:
    letters = _ascii_or_not(draw, draw.choice(LETTERS + CONTROLS))
    field = draw.choice(["instrument", "side", "time", "payload", "version", "of no concern"])
    text = draw.choice([letters, f"[{letters}]", f'{{"a":{letters}}}', f"{{{letters}:[{letters}]}}"])
    if draw.random() < 0.2:
        return signed(signal_body().replace(b'"instrument"', letters.encode() + b":0," + b'"instrument"'))
    return signed(signal_body(**{field: text if field in {"payload", "of no concern"} else letters}))


def _ascii_or_not(draw: random.Random, letters: str) -> str:
    return json.dumps(letters, ensure_ascii=draw.random() < 0.5)


def _a_naughty_string_in_a_header(draw: random.Random) -> Request:
    name, text = draw.choice(HEADERS), draw.choice(LETTERS + CONTROLS)
    naughty = text.encode(draw.choice(["utf-8", "utf-16-le", "latin-1"]), "replace").replace(b"\r\n", b"\r")
    body = _ordinary_body(draw)
    if name == PRODUCER_ID:
        return signed(body, producer_id=naughty)
    if name == TIMESTAMP:
        return signed(body, timestamp=draw.choice([naughty, time_text_with(naughty)]))
    if name == SIGNATURE and draw.random() < 0.5:
        right = signed(body)
        return right.setting(name, draw.choice([naughty + right.header(name), right.header(name) + naughty]))
    form = draw.choice([b"%s", b"%s", b"application/json;note=%s", b'application/json; charset="%s"'])
    spoilt = form % naughty if name == "Content-Type" else naughty
    request = signed(body)
    return request.adding(name, spoilt) if draw.random() < 0.2 else request.setting(name, spoilt)


def time_text_with(naughty: bytes) -> bytes:
    """The present time with something behind it."""
    return signed(b"").header(TIMESTAMP) + naughty


def _ordinary_body(draw: random.Random) -> bytes:
    payload = json.dumps({"a": value(draw)}, ensure_ascii=draw.random() < 0.5)
    fields = {"payload": payload, "version": str(draw.randint(1, 2**31 - 1)), "side": draw.choice("01")}
    return signal_body(**dict(draw.sample(sorted(fields.items()), draw.randint(0, 3))))


def _a_body_changed_before_signing(draw: random.Random) -> Request:
    return signed(mutated(_ordinary_body(draw), draw))


def _a_body_changed_after_signing(draw: random.Random) -> Request:
    request = signed(_ordinary_body(draw))
    return replace(request, body=mutated(request.body or b"", draw))


def _a_header_changed_after_signing(draw: random.Random) -> Request:
    request = signed(_ordinary_body(draw))
    name = draw.choice([PRODUCER_ID, TIMESTAMP, SIGNATURE, SIGNATURE, "Content-Type"])
    spoilt = mutated(request.header(name), draw).replace(b"\r\n", b"\n")
    return request.adding(name, spoilt) if draw.random() < 0.1 else request.setting(name, spoilt)


def _the_bytes_signed_cut_elsewhere(draw: random.Random) -> Request:
    """The same MAC over the same bytes, of which body, timestamp and producer id have other shares."""
    request = signed(_ordinary_body(draw), producer_id=draw.choice([b"alpha", b":30alpha", b"Z", b"0"]))
    body, timestamp, producer_id = request.body or b"", request.header(TIMESTAMP), request.header(PRODUCER_ID)
    whole = body + timestamp + producer_id
    first = max(0, len(body) + draw.choice([0, 0, 0, -1, 1, -2, 5, 20]))
    second = min(len(whole), len(body + timestamp) + draw.choice([-1, 1, -3, 3, -6, 2]))
    moved = request.setting(TIMESTAMP, whole[first:second]).setting(PRODUCER_ID, whole[second:])
    return replace(moved, body=whole[:first])


def _signed_at_another_time(draw: random.Random) -> Request:
    """Not within seconds of the edge of the window, where it would depend on the clock."""
    seconds = draw.choice([0, 60, 290, -60, -290, 310, -310, 3600, -3600, 10**9, -(10**9)])
    zone = timezone(timedelta(minutes=draw.choice([0, 0, 330, -480, 840, -720])))
    moment = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone(zone)
    text = moment.isoformat(timespec=draw.choice(["seconds", "milliseconds", "microseconds"]))
    return signed(_ordinary_body(draw), timestamp=text.replace("+00:00", draw.choice(["Z", "+00:00"])).encode())


def _about_as_large_as_allowed(draw: random.Random) -> Request:
    if draw.random() < 0.3:
        return signed(_ordinary_body(draw).ljust(BODY_MAX_BYTES + draw.randint(-1, 1)))
    script = draw.choice(["plain text", "Chinese text", "emoji", "escaped text", "spaced text"])
    return signed(signal_body(payload=payload_of(PAYLOAD_MAX_BYTES + draw.randint(-2, 2), script)))


def _a_forged_signature(draw: random.Random) -> Request:
    request = signed(_ordinary_body(draw))
    parts = request.body or b"", request.header(TIMESTAMP), request.header(PRODUCER_ID)
    return request.setting(SIGNATURE, forged(draw, SECRET, *parts))


def _a_batch(draw: random.Random) -> Request:
    """Good signals and others, in an envelope that may be wrong too."""
    items = [_an_item(draw) for _ in range(draw.choice([0, 1, 1, 2, 3, 8]))]
    members = [b'"signals":[%b]' % b",".join(items)]
    if draw.random() < 0.3:
        members.append(b'"atomic":' + draw.choice([b"true", b"true", b"false", b"null", b"1"]))
    if draw.random() < 0.2:
        name = draw.choice(["note", "note", "side", "instrument", "time", "signals"])
        members.append(f'"{name}":'.encode() + draw.choice(CLASSES)(draw).text)
    draw.shuffle(members)
    return replace(signed(b"{" + b",".join(members) + b"}"), path=BATCH)


def _an_item(draw: random.Random) -> bytes:
    """Seldom one that is no JSON at all, which would hide the others."""
    specimen = draw.choice(CLASSES)(draw)
    if draw.random() < 0.4 or (specimen.code == INVALID and draw.random() < 0.8):
        return _ordinary_body(draw)
    naughty = _a_naughty_string_in_a_field(draw).body or b""
    return draw.choice([specimen.text, torture_in_payload(specimen.text), naughty])


def _a_batch_changed_before_signing(draw: random.Random) -> Request:
    return replace(signed(mutated(_a_batch(draw).body or b"", draw)), path=BATCH)


def _a_key_of_its_own(draw: random.Random) -> Request:
    """One of a few, so that it comes again with another body."""
    make = draw.choice([_a_batch, _a_body_changed_before_signing, _torture_in_the_payload])
    key = f"{draw.choice('abcdefgh')}{draw.choice(['', ' ', chr(34), chr(92)])}{draw.choice('12345678')}"
    quoted = '"' + draw.choice([key, key.replace("\\", "\\\\").replace('"', '\\"')]) + '"'
    request = make(draw).adding(KEY, draw.choice([key, quoted]).encode())
    return request.adding(KEY, b"another") if draw.random() < 0.1 else request


_KINDS: tuple[Callable[[random.Random], Request], ...] = (
    _torture_as_the_body,
    _torture_in_the_payload,
    _torture_in_the_payload,
    _torture_in_a_field,
    _a_naughty_string_in_a_field,
    _a_naughty_string_in_a_header,
    _a_body_changed_before_signing,
    _a_body_changed_before_signing,
    _a_body_changed_after_signing,
    _a_header_changed_after_signing,
    _the_bytes_signed_cut_elsewhere,
    _signed_at_another_time,
    _about_as_large_as_allowed,
    _a_forged_signature,
    _a_batch,
    _a_batch_changed_before_signing,
    _a_key_of_its_own,
)
