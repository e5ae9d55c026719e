"""The mistakes that producers make when they sign, each as the bytes that they would have signed. Pure.

Bounded, since anyone may ask for it: JSON is written anew for bodies of up to 2 KiB, and up to 16 KiB the parts are
put in another order. A longer body is only ever followed by something else. Mistakes do not depend on size.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from service.kernel.timestamps import parse_timestamp

REWRITE_MAX_BYTES = 2048
"""Longer bodies are not written anew as JSON."""

REHASH_MAX_BYTES = 16_384
"""Longer bodies are not tried behind other parts, nor with other readings of the secret."""

_DELIMITERS = {b".": "a dot", b":": "a colon", b"\n": "a line break", b"|": "a bar"}


@dataclass(frozen=True, slots=True)
class Presented:
    """A signed request as it arrived: nothing of it is proven."""

    body: bytes
    timestamp: bytes
    producer_id: bytes
    signature: bytes


class Mistake(NamedTuple):
    """`seen` completes "X-Signature is ..." or "X-Signature fits ..."; `cure` tells what to do."""

    seen: str
    cure: str


Signed = tuple[bytes, Mistake]
"""Bytes that may have been signed, and the mistake that this would be."""

_EXACT_BODY = "sign the bytes of the body exactly as they are sent"
_EXACT_TIMESTAMP = "sign the value of X-Timestamp exactly as it is sent"
_THREE_PARTS = "sign the body, then the timestamp, then the producer id, with nothing between or behind"
_EXACT_SECRET = "use the characters of the secret as the key, as they are"  # noqa: S105  # nosec B105

LINE_BREAK_CUT = Mistake("the body without the line break at its end", _EXACT_BODY)


def tails(request: Presented) -> Iterator[Signed]:
    """What may have been signed behind the body."""
    timestamp, producer = request.timestamp, request.producer_id
    yield b"\n" + timestamp + producer, Mistake("the body with a line break at its end", _EXACT_BODY)
    yield b"\r\n" + timestamp + producer, Mistake("the body with a line break (CR LF) at its end", _EXACT_BODY)
    yield timestamp + producer + b"\n", Mistake("the parts with a line break behind them", _THREE_PARTS)
    yield b"", Mistake("the body alone", _THREE_PARTS)
    yield timestamp, Mistake("the body and the timestamp, without the producer id", _THREE_PARTS)
    yield producer, Mistake("the body and the producer id, without the timestamp", _THREE_PARTS)
    yield producer + timestamp, Mistake("the body, then the producer id, then the timestamp", _THREE_PARTS)
    for delimiter, name in _DELIMITERS.items():
        yield delimiter + timestamp + delimiter + producer, Mistake(f"the parts with {name} between", _THREE_PARTS)
        yield delimiter + timestamp, Mistake(f"the body, {name} and the timestamp", _THREE_PARTS)
    for text, name in _respelled(timestamp):
        yield text + producer, Mistake(f"the timestamp {name}", _EXACT_TIMESTAMP)


def _respelled(timestamp: bytes) -> Iterator[tuple[bytes, str]]:
    moment = instant(timestamp)
    if moment is None:
        return
    yield str(int(moment.timestamp())).encode(), "as Unix seconds"
    yield str(int(moment.timestamp() * 1000)).encode(), "as Unix milliseconds"
    yield re.sub(rb"\.[0-9]+", b"", timestamp), "without its fraction"
    yield timestamp.replace(b"T", b" "), "with a space for the T"
    for precision in ("seconds", "milliseconds", "microseconds"):
        text = moment.isoformat(timespec=precision).encode()
        yield text, "with another fraction or zone"
        yield text.replace(b"+00:00", b"Z"), "with another fraction or zone"


def instant(timestamp: bytes) -> datetime | None:
    """The moment that the text of a timestamp means, in UTC; None when it cannot be read."""
    try:
        return parse_timestamp(timestamp.decode("ascii")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def whole_messages(request: Presented) -> Iterator[Signed]:
    """What may have been signed in place of the whole message."""
    proper = request.timestamp + request.producer_id
    yield proper, Mistake("an empty body", _EXACT_BODY)
    if len(request.body) <= REWRITE_MAX_BYTES:
        for text, name in _rewritten(request.body):
            yield text + proper, Mistake(f"the body written as JSON {name}", _EXACT_BODY)
    if len(request.body) <= REHASH_MAX_BYTES:
        for message, name in _reordered(request):
            yield message, Mistake(name, _THREE_PARTS)


def _rewritten(body: bytes) -> Iterator[tuple[bytes, str]]:
    """The body as common libraries write JSON. This is the one place that reads JSON which nobody has signed:
    a little of it, with a parser that limits depth; whatever it cannot read or write is no fit."""
    try:
        value = orjson.loads(body)
        compact, tidy = orjson.dumps(value), orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        spaced, tidy_spaced = json.dumps(value).encode(), json.dumps(value, sort_keys=True).encode()
    except (ValueError, TypeError, RecursionError):
        return
    yield compact, "without spaces"
    yield spaced, "with spaces after commas and colons"
    yield tidy, "with sorted keys"
    yield tidy_spaced, "with sorted keys, and spaces after commas and colons"


def _reordered(request: Presented) -> Iterator[tuple[bytes, str]]:
    body, timestamp, producer = request.body, request.timestamp, request.producer_id
    yield timestamp + producer + body, "the timestamp, then the producer id, then the body"
    yield producer + timestamp + body, "the producer id, then the timestamp, then the body"
    yield producer + body + timestamp, "the producer id, then the body, then the timestamp"
    for delimiter, name in {b"": "nothing", **_DELIMITERS}.items():
        begun = timestamp + delimiter + body
        yield begun, f"the timestamp, then the body, with {name} between"
        yield begun + delimiter + producer, f"the timestamp, then the body, then the producer id, with {name} between"


def misread(secret: bytes) -> Iterator[Signed]:
    """What may have been used in place of the secret. Always as many, whatever the secret looks like."""
    yield secret + b"\n", Mistake("the secret with a line break at its end", _EXACT_SECRET)
    yield any_base64(secret) or secret, Mistake("the secret decoded from base64", _EXACT_SECRET)
    yield _hex(secret) or secret, Mistake("the secret decoded from hex", _EXACT_SECRET)


def any_base64(text: bytes) -> bytes | None:
    """What base64 of any dialect stands for, in either alphabet and with or without padding; None if nothing."""
    standard = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return b64decode(standard + b"=" * (-len(standard) % 4), validate=True) or None
    except ValueError:
        return None


def _hex(text: bytes) -> bytes | None:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return None
