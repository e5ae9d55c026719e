"""Signed requests with a mistake, put together by the standard library alone."""

import hmac
import json
from base64 import b64encode
from typing import Any

from service.proof.mistakes import Presented

SECRET = b"QW4tZXhhbXBsZS1zZWNyZXQ_b2YgMzItYnl0ZXM="
"""Is base64 of something, in the URL-safe alphabet, as many secrets are."""

BODY = b'{"time":"2026-01-31T12:00:00Z","side":0,"instrument":"XAUUSD","payload":{"note":"\xc3\xa9"}}'
STAMP = b"2026-01-31T12:00:00.5Z"
SENDER = b"mt5-gold-1"


def mac(message: bytes, secret: bytes = SECRET) -> bytes:
    """The MAC of a message."""
    return hmac.digest(secret, message, "sha256")


def presented(message: bytes, *, secret: bytes = SECRET, body: bytes = BODY, stamp: bytes = STAMP) -> Presented:
    """A request whose signature is canonical base64 of the MAC of `message`."""
    return Presented(body, stamp, SENDER, b64encode(mac(message, secret)))


def spelled(signature: bytes) -> Presented:
    """A request with this signature, whatever it is."""
    return Presented(BODY, STAMP, SENDER, signature)


def rewritten(**options: Any) -> bytes:
    """What is signed when the body is written anew as JSON."""
    return json.dumps(json.loads(BODY), **options).encode() + STAMP + SENDER


KNOWN = {
    "the body with a line break at its end": BODY + b"\n" + STAMP + SENDER,
    "the body with a line break (CR LF) at its end": BODY + b"\r\n" + STAMP + SENDER,
    "the parts with a line break behind them": BODY + STAMP + SENDER + b"\n",
    "the body alone": BODY,
    "the body and the timestamp, without the producer id": BODY + STAMP,
    "the body and the producer id, without the timestamp": BODY + SENDER,
    "an empty body": STAMP + SENDER,
    "the body, then the producer id, then the timestamp": BODY + SENDER + STAMP,
    "the timestamp, then the producer id, then the body": STAMP + SENDER + BODY,
    "the producer id, then the timestamp, then the body": SENDER + STAMP + BODY,
    "the producer id, then the body, then the timestamp": SENDER + BODY + STAMP,
    "the timestamp, then the body, then the producer id, with nothing between": STAMP + BODY + SENDER,
    "the timestamp, then the body, then the producer id, with a colon between": STAMP + b":" + BODY + b":" + SENDER,
    "the timestamp, then the body, with nothing between": STAMP + BODY,
    "the timestamp, then the body, with a dot between": STAMP + b"." + BODY,
    "the parts with a dot between": BODY + b"." + STAMP + b"." + SENDER,
    "the parts with a colon between": BODY + b":" + STAMP + b":" + SENDER,
    "the parts with a line break between": BODY + b"\n" + STAMP + b"\n" + SENDER,
    "the parts with a bar between": BODY + b"|" + STAMP + b"|" + SENDER,
    "the body, a dot and the timestamp": BODY + b"." + STAMP,
    "the timestamp as Unix seconds": BODY + b"1769860800" + SENDER,
    "the timestamp as Unix milliseconds": BODY + b"1769860800500" + SENDER,
    "the timestamp without its fraction": BODY + b"2026-01-31T12:00:00Z" + SENDER,
    "the timestamp with a space for the T": BODY + b"2026-01-31 12:00:00.5Z" + SENDER,
    "the timestamp with another fraction or zone": BODY + b"2026-01-31T12:00:00.500000+00:00" + SENDER,
    "the body written as JSON without spaces": rewritten(separators=(",", ":"), ensure_ascii=False),
    "the body written as JSON with spaces after commas and colons": rewritten(ensure_ascii=False),
    "the body written as JSON without spaces, keys sorted": rewritten(
        separators=(",", ":"), ensure_ascii=False, sort_keys=True
    ),
    "the body written as JSON with spaces after commas and colons, keys sorted": rewritten(
        ensure_ascii=False, sort_keys=True
    ),
}

RIGHT = mac(BODY + STAMP + SENDER)
"""The MAC that would have been accepted."""
