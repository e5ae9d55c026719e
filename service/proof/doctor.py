"""Why a request was not proven: what arrived, and which known mistake its signature fits. Pure.

Only the holder of the secret can make a signature that fits, so a hint tells nobody else anything; the expected MAC
never leaves this module, and a fit never authenticates. All guesses are always made, and as many with a made-up
secret when a producer is not known, so that neither the answer nor its time tells the two apart. What anyone could
have made without a secret is told to anyone. Guessing is dear, so hints are rationed.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from service.http.ration import Ration
from service.proof.errors import AuthenticationRefusal, SignatureMalformed, TimestampOutsideWindow
from service.proof.mistakes import (
    ALL_UTF_16,
    LINE_BREAK_CUT,
    NO_KEY,
    NUL_CUT,
    REHASH_MAX_BYTES,
    Mistake,
    Presented,
    Signed,
    any_base64,
    any_hex,
    in_utf_16,
    instant,
    misread,
    tails,
    whole_messages,
)
from service.proof.signing import UNKNOWN_PRODUCER_SECRET, ended, keyed

SECRETS_TRIED = 2
"""How many secrets are tried, whatever the producer has: two are in use while one is being replaced."""

_MAC_BYTES = 32
_BASE64 = "send standard base64 of the 32 bytes, with padding"
_LENGTH = "HMAC-SHA256 has 32, so sign with that"

_ZONE_STEP = 1800
_ZONE_MAX = 14 * 3600
_ZONE_SLACK = 60
"""A clock that is off by a multiple of half an hour and at most 14 hours, give or take a minute, is probably right
but shows local time."""


Found = dict[str, str | int]
"""What an answer tells beside a refusal. `skew_seconds` is how far the timestamp is ahead of `server_time`, in whole
seconds, negative when it is behind; it is left out when the timestamp cannot be read. `hint` is one sentence, there
when a mistake is known and, of a signature that does not match, when the ration has one left."""


def examine_headers(refusal: AuthenticationRefusal, timestamp: bytes, signature: bytes, now: datetime) -> Found:
    """What an answer tells beside the refusal of a timestamp or a signature that fails whatever the body is."""
    found = _clocks(timestamp, now)
    hint = None
    if isinstance(refusal, TimestampOutsideWindow):
        hint = _clock_hint(int(found.get("skew_seconds", 0)))
    elif isinstance(refusal, SignatureMalformed):
        hint = _spelling_hint(signature)
    return found if hint is None else found | {"hint": hint}


def examine(request: Presented, secrets: Sequence[bytes], now: datetime, hints: Ration) -> Found:
    """What an answer tells beside a signature that does not match; `secrets` are the producer's."""
    found = _clocks(request.timestamp, now)
    found["body_bytes"] = len(request.body)
    found["body_sha256"] = hashlib.sha256(request.body).hexdigest()
    hint = signature_hint(request, secrets) if hints.take(now) else None
    return found if hint is None else found | {"hint": hint}


def _clocks(timestamp: bytes, now: datetime) -> Found:
    found: Found = {"server_time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    moment = instant(timestamp)
    if moment is not None:
        found["skew_seconds"] = -((now - moment) // timedelta(seconds=1))
    return found


def _clock_hint(skew_seconds: int) -> str | None:
    steps = round(skew_seconds / _ZONE_STEP)
    if not 0 < abs(steps) * _ZONE_STEP <= _ZONE_MAX or abs(skew_seconds - steps * _ZONE_STEP) > _ZONE_SLACK:
        return None
    side = "ahead" if steps > 0 else "behind"
    return f"X-Timestamp is {abs(steps) / 2:g} h {side}: it looks like local time marked as UTC, so send true UTC"


def signature_hint(request: Presented, secrets: Sequence[bytes]) -> str | None:
    """The known mistake that explains a refused signature, in one sentence; None when none does."""
    mac, spelling = _read(request.signature)
    fit = None if mac is None else _fit(mac, request, secrets)
    if spelling and fit:
        return f"X-Signature is {spelling.seen} and fits {fit.seen}: {spelling.cure}, and {fit.cure}"
    if fit:
        return f"X-Signature fits {fit.seen}: {fit.cure}"
    return _spelling_hint(request.signature)


def _spelling_hint(signature: bytes) -> str | None:
    _, spelling = _read(signature)
    return f"X-Signature is {spelling.seen}: {spelling.cure}" if spelling else None


def _read(signature: bytes) -> tuple[bytes | None, Mistake | None]:
    """The MAC that a signature may stand for, and what is wrong with the way it is written."""
    text = re.sub(rb"^(?:sha256=|v1[,=])", b"", signature.strip(b"\"' "))
    if in_hex := any_hex(text):
        return _read_from_hex(in_hex, "hex")
    around = Mistake("surrounded by other text", _BASE64) if text != signature else None
    decoded = any_base64(text)
    if decoded is None:
        return None, around
    if in_hex := any_hex(decoded):
        return _read_from_hex(in_hex, "base64 of the hex text")
    if len(decoded) != _MAC_BYTES:
        return None, Mistake(f"base64 of {len(decoded)} bytes", _LENGTH)
    if b64encode(decoded) == text:
        return decoded, around
    return decoded, Mistake("another dialect of base64", _BASE64)


def _read_from_hex(decoded: bytes, written: str) -> tuple[bytes | None, Mistake]:
    if len(decoded) != _MAC_BYTES:
        return None, Mistake(f"{written} of {len(decoded)} bytes", _LENGTH)
    return decoded, Mistake(written, _BASE64)


def _fit(mac: bytes, request: Presented, secrets: Sequence[bytes]) -> Mistake | None:
    """The mistake that explains `mac`; None when there is none, or when only its spelling is wrong."""
    behind, instead = list(tails(request)), list(whole_messages(request))
    message = b"".join((request.body, request.timestamp, request.producer_id))
    fits: list[Mistake | None] = [NO_KEY] if hashlib.sha256(message).digest() == mac else []
    for number in range(SECRETS_TRIED):
        known = number < len(secrets)
        secret = secrets[number] if known else UNKNOWN_PRODUCER_SECRET
        for guess, mistake in _guesses(secret, request, behind, instead):
            if hmac.compare_digest(guess, mac) and known:
                fits.append(mistake)
    return fits[0] if fits else None


def _guesses(
    secret: bytes, request: Presented, behind: Sequence[Signed], instead: Sequence[Signed]
) -> Iterator[tuple[bytes, Mistake | None]]:
    """The right MAC first, lest a mistake that changes nothing be blamed. The key is set up once for all guesses, the
    body is hashed once for all tails."""
    proper = request.timestamp + request.producer_id
    bare = request.body.rstrip(b"\r\n\0")
    ending = request.body[len(bare) :]
    key = keyed(secret)
    begun = key.copy()
    begun.update(bare)
    whole = begun.copy()
    whole.update(ending)
    yield ended(whole, proper), None
    yield ended(begun, proper), NUL_CUT if b"\0" in ending else LINE_BREAK_CUT
    for tail, mistake in behind:
        yield ended(whole, tail), mistake
    for message, mistake in instead:
        yield ended(key, message), mistake
    if len(request.body) <= REHASH_MAX_BYTES:
        yield from _misused(secret, request.body + proper)


def _misused(secret: bytes, message: bytes) -> Iterator[tuple[bytes, Mistake]]:
    """The right bytes with the secret used in a wrong way."""
    for key, mistake in misread(secret):
        yield hmac.digest(key, message, "sha256"), mistake
    yield hmac.digest(in_utf_16(secret), in_utf_16(message), "sha256"), ALL_UTF_16
    yield hashlib.sha256(secret + message).digest(), NO_KEY
    yield hashlib.sha256(message + secret).digest(), NO_KEY
