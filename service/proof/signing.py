"""Which bytes are signed, and how. Pure: no HTTP, no settings; the server and its producers share it.

signature = base64(HMAC-SHA256(secret, body + timestamp + producer id))

The three parts are concatenated as sent, nothing between. HMAC is RFC 2104, SHA-256 is FIPS 180-4, base64 is
RFC 4648 section 4 with padding. Since a body ends in `}` and a timestamp in `Z` or `hh:mm`, the same bytes cannot
be cut into another valid body, timestamp and producer id.
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from service.kernel.timestamps import parse_timestamp
from service.proof.errors import SignatureMalformed, SignatureMismatch, TimestampMalformed, TimestampOutsideWindow

WINDOW_SECONDS = 300
"""How old a signed request may be, and how far ahead of the service's clock."""

_SECOND = timedelta(seconds=1)

RESENT_FOR = timedelta(seconds=2 * WINDOW_SECONDS)
"""So long after it was signed a request may pass: its timestamp may be a window ahead, and passes until it is a window
old."""

UNKNOWN_PRODUCER_SECRET = bytes(32)
"""Stands in for the secrets that a producer does not have, so that its refusal takes the same time; never accepted."""

KEYS_MAX = 10
"""How many secrets of a producer are tried: five in use, and five that ended lately, for what is sent again."""


def mac(secret: bytes, body: bytes, timestamp: bytes, producer_id: bytes) -> bytes:
    """The 32 bytes of HMAC-SHA256 over the signed bytes."""
    return ended(keyed(secret), b"".join((body, timestamp, producer_id)))


@lru_cache(maxsize=1024)
def keyed(secret: bytes) -> hmac.HMAC:
    """A secret set up as a key, which takes longer than to use it for a short message: the last ones are kept, so they
    are to be copied. By those few microseconds the first request in a producer's name may tell that it has keys. None
    that is repeated does."""
    return hmac.new(secret, digestmod="sha256")


def ended(begun: hmac.HMAC, tail: bytes) -> bytes:
    """The MAC of a message that is begun and ends in `tail`; `begun` stays as it is."""
    copy = begun.copy()
    copy.update(tail)
    return copy.digest()


def sign(secret: bytes, body: bytes, timestamp: str, producer_id: str) -> str:
    """The value of `X-Signature` for a request. `timestamp` and `producer_id` are ASCII as in their headers."""
    return b64encode(mac(secret, body, timestamp.encode("ascii"), producer_id.encode("ascii"))).decode("ascii")


def verify(
    secrets: Sequence[bytes], body: bytes, timestamp: bytes, producer_id: bytes, signature: bytes
) -> tuple[bytes, int]:
    """The MAC of a request that was signed with one of `secrets`, of which there are at most KEYS_MAX, and the place of
    that secret.

    It stops at the secret that fits, which nobody sees but its holder. A refusal computes KEYS_MAX MACs, so its time
    tells neither whether a producer is known nor how many secrets it has. Each is compared in constant time, as
    canonical base64 and not as the bytes that it decodes to: base64 has four spellings of 32 bytes.
    Raises SignatureMalformed when `signature` is not canonical base64, SignatureMismatch when it is another's.
    """
    message = b"".join((body, timestamp, producer_id))
    for place, secret in enumerate(secrets):
        expected = ended(keyed(secret), message)
        if hmac.compare_digest(b64encode(expected), signature):
            return expected, place
    for _ in range(KEYS_MAX - len(secrets)):
        ended(keyed(UNKNOWN_PRODUCER_SECRET), message)
    check_form(signature)
    raise SignatureMismatch


def check_form(signature: bytes) -> None:
    """Raises SignatureMalformed when `signature` is not canonical base64, so that it matches nothing."""
    try:
        canonical = b64encode(b64decode(signature, validate=True)) == signature != b""
    except binascii.Error:
        canonical = False
    if not canonical:
        raise SignatureMalformed


def check_window(timestamp: bytes, now: datetime) -> datetime:
    """When the request was signed.

    Raises TimestampMalformed when the timestamp cannot be read, TimestampOutsideWindow when its age, in whole
    seconds rounded down, is more than the window either way.
    """
    try:
        moment = parse_timestamp(timestamp.decode("ascii"))
    except ValueError:
        raise TimestampMalformed from None
    age = (now - moment) // _SECOND
    if not -WINDOW_SECONDS <= age <= WINDOW_SECONDS:
        raise TimestampOutsideWindow
    return moment
