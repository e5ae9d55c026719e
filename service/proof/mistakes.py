"""The mistakes that producers make when they sign, each as the bytes that they would have signed. Pure.

Bounded, since anyone may ask for it: JSON is written anew for bodies of up to 2 KiB, and up to 16 KiB the parts are
put in another order or encoding. A longer body is only ever followed by something else. Mistakes do not depend on size.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from service.kernel.timestamps import parse_timestamp
from service.proof.rewritings import as_json, as_text

REWRITE_MAX_BYTES = 2048
"""Longer bodies are not written anew as JSON."""

REHASH_MAX_BYTES = 16_384
"""Longer bodies are not tried behind other parts or in other encodings, nor with other readings of the secret."""

_DELIMITERS = {b".": "a dot", b":": "a colon", b"\n": "a line break", b"|": "a bar"}


class Presented(NamedTuple):
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
_NO_END_MARK = "neither sign nor send the byte that ends a string in memory"
_UTF_8 = "turn texts into UTF-8 before they are signed"

LINE_BREAK_CUT = Mistake("the body without the line break at its end", _EXACT_BODY)
NUL_CUT = Mistake("the body without the NUL byte at its end", _NO_END_MARK)
NO_KEY = Mistake("SHA-256 without a key", "sign with HMAC-SHA256, with the secret as its key")
ALL_UTF_16 = Mistake("secret and parts in UTF-16", _UTF_8)


def tails(request: Presented) -> Iterator[Signed]:
    """What may have been signed behind the body."""
    timestamp, producer = request.timestamp, request.producer_id
    yield b"\n" + timestamp + producer, Mistake("the body with a line break at its end", _EXACT_BODY)
    yield b"\r\n" + timestamp + producer, Mistake("the body with a line break (CR LF) at its end", _EXACT_BODY)
    yield timestamp + producer + b"\n", Mistake("the parts with a line break behind them", _THREE_PARTS)
    for tail, name in _with_end_marks(timestamp, producer):
        yield tail, Mistake(name, _NO_END_MARK)
    yield b"", Mistake("the body alone", _THREE_PARTS)
    yield timestamp, Mistake("the body and the timestamp, without the producer id", _THREE_PARTS)
    yield producer, Mistake("the body and the producer id, without the timestamp", _THREE_PARTS)
    yield producer + timestamp, Mistake("the body, then the producer id, then the timestamp", _THREE_PARTS)
    for delimiter, name in _DELIMITERS.items():
        yield delimiter + timestamp + delimiter + producer, Mistake(f"the parts with {name} between", _THREE_PARTS)
        yield delimiter + timestamp, Mistake(f"the body, {name} and the timestamp", _THREE_PARTS)
    for text, name in _respelled(timestamp):
        yield text + producer, Mistake(f"the timestamp {name}", _EXACT_TIMESTAMP)


def _with_end_marks(timestamp: bytes, producer: bytes) -> Iterator[tuple[bytes, str]]:
    """With the zero byte that C and MQL5 keep behind a text, copied along with it."""
    yield b"\0" + timestamp + producer, "the body with a NUL byte at its end"
    yield timestamp + producer + b"\0", "the parts with a NUL byte behind them"
    yield b"\0" + timestamp + producer + b"\0", "the body and the other two parts, each with a NUL byte behind"
    yield b"\0" + timestamp + b"\0" + producer + b"\0", "the three parts, each with a NUL byte behind"


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
        for text, name in as_json(request.body).items():
            yield text + proper, Mistake(f"the body written as JSON {name}", _EXACT_BODY)
    if len(request.body) <= REHASH_MAX_BYTES:
        for text, name in as_text(request.body):
            yield text + proper, Mistake(f"the body {name}", _EXACT_BODY)
        yield in_utf_16(request.body + proper), Mistake("the parts in UTF-16", _UTF_8)
        for message, name in _reordered(request):
            yield message, Mistake(name, _THREE_PARTS)


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
    yield secret + b"\r\n", Mistake("the secret with a line break (CR LF) at its end", _EXACT_SECRET)
    yield b'"' + secret + b'"', Mistake("the secret in quotes", _EXACT_SECRET)
    yield b"'" + secret + b"'", Mistake("the secret in quotes", _EXACT_SECRET)
    yield any_base64(secret) or secret, Mistake("the secret decoded from base64", _EXACT_SECRET)
    yield any_hex(secret) or secret, Mistake("the secret decoded from hex", _EXACT_SECRET)
    yield in_utf_16(secret), Mistake("the secret in UTF-16", _EXACT_SECRET)


def in_utf_16(text: bytes) -> bytes:
    """The text as Windows writes it in memory; bytes that are no UTF-8 stay as they are."""
    try:
        return text.decode("utf-8").encode("utf-16-le")
    except UnicodeDecodeError:
        return text


def any_base64(text: bytes) -> bytes | None:
    """What base64 of any dialect stands for, in either alphabet and with or without padding; None if nothing."""
    standard = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return b64decode(standard + b"=" * (-len(standard) % 4), validate=True) or None
    except ValueError:
        return None


def any_hex(text: bytes) -> bytes | None:
    """What hex of at least 16 bytes stands for, in either case, perhaps with something between the bytes; else None."""
    if re.fullmatch(rb"[0-9A-Fa-f]{2}(?:[-: ]?[0-9A-Fa-f]{2}){15,}", text) is None:
        return None
    return bytes.fromhex(re.sub(rb"[-: ]", b"", text).decode("ascii"))
