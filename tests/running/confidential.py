"""What must be seen nowhere outside: secrets, signatures, the MACs that were expected, and the values of payloads.

Whatever the tests of this process send is noted here. All that a service has logged is searched for it when the
service stops, its metrics before that, and every refusal when it is read. A value counts as told when its first
bytes are. Seen red with a service that logs the signature or the MAC that it expected, that tells this MAC in a
refusal, and that takes the payload as the label of a metric.
"""

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from service.readers.tokens import PREFIX

TELLING_BYTES = 12
"""So many bytes of a value give it away."""

_MAC = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""What looks like a MAC of any origin: in base64, or in hexadecimal."""

_DIGITS = b"1234567890" * 3

_secrets: set[bytes] = set()
_noted: set[bytes] = set()


def note_secret(secret: bytes) -> None:
    """Keep a secret for the search, and for the MACs that a service expects which has it."""
    if secret:
        _secrets.add(secret)
        _note(secret)


def note_token(token: str) -> None:
    """Keep the token of a reader, but for the word with which all of them begin."""
    _note(token.removeprefix(PREFIX).encode())


def note_request(headers: Mapping[str, bytes], body: bytes) -> None:
    """Keep what is confidential in a request, and the MAC that is expected for it."""
    given = {name.lower(): value for name, value in headers.items()}
    note_token(given.get("authorization", b"").decode("latin-1").rpartition(" ")[2])
    signed = body + given.get("x-timestamp", b"") + given.get("x-producer-id", b"")
    _note(given.get("x-signature", b""), *_payload_values(body))
    for secret in _secrets:
        mac = hmac.digest(secret, signed, "sha256")
        _note(b64encode(mac), mac.hex().encode())


def _note(*values: bytes) -> None:
    beginnings = (value[:TELLING_BYTES] for value in values)
    _noted.update(each for each in beginnings if len(each) == TELLING_BYTES and _is_rich(each))


def _is_rich(value: bytes) -> bool:
    """What has only few different characters, or the digits in order, is too common to be looked for."""
    return len(set(value)) > TELLING_BYTES // 2 and value not in _DIGITS


def _payload_values(body: bytes) -> Iterator[bytes]:
    try:
        signal = json.loads(body, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return
    waiting: list[Any] = [signal.get("payload")] if isinstance(signal, dict) else []
    while waiting:
        match waiting.pop():
            case dict() as members:
                waiting += [*members, *members.values()]
            case list() as elements:
                waiting += elements
            case str() as text:
                yield text.encode("utf-8", "surrogatepass")


def check_text(text: bytes, where: str) -> None:
    """Fail when the text tells something that was noted, or something that looks like a MAC."""
    starts = range(len(text) - TELLING_BYTES + 1)
    told = {part for start in starts if (part := text[start : start + TELLING_BYTES]) in _noted}
    assert not told, f"{where} tells what is confidential: {told}"
    macs = [mac for mac in _MAC.findall(text) if _is_rich(mac)]
    assert not macs, f"{where} tells what looks like a MAC: {macs}"


def check_refusal(status: int, text: bytes) -> None:
    """Fail when the text of a refusal tells too much. How the body hashes it may tell (`body_sha256`)."""
    if status >= 400:
        check_text(re.sub(rb'"body_sha256":"[0-9a-f]{64}"', b"", text), "a refusal")
