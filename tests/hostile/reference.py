"""What the contract says about a whole request: one code, or the signal that has to be in the database.

Written a second time from the contract, by the standard library alone, and compared with the service input by input.
Where the contract leaves a choice there are several codes.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tests.hostile.reference_batch import BatchFinding, examine_batch
from tests.hostile.reference_signal import PAYLOAD_MAX_BYTES, Finding, Sent, examine, instant
from tests.hostile.requests import encoded_head
from tests.observing.contract import check_created, check_refusal, fields_at_fault
from tests.running.deployment import SECRET
from tests.speaking.exchange import BATCH, Answer, Headers, Request
from tests.speaking.producer import PRODUCER_ID, SIGNATURE, TIMESTAMP, compute_mac

HEAD_MAX_BYTES = 16_384
BODY_MAX_BYTES = 6 * PAYLOAD_MAX_BYTES + 4096
BATCH_MAX_BYTES = 4_194_304

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""No header value holds a control character but the tab (RFC 9110 section 5.5)."""

_HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[\w.~:%-]+\])(?::\d*)?")
_CODING = re.compile(rb"[ \t,]*(identity[ \t,]*)*", re.I)
_MEDIA_TYPE = re.compile(rb'application/json[ \t]*(;(?![ \t]*charset=)[^;]*|;[ \t]*charset="?utf-?8"?[ \t]*)*', re.I)

KEY = "Idempotency-Key"
_KEY = re.compile(rb'(?!")[ -~]{1,128}|"(?:[ !#-\[\]-~]|\\["\\]){1,128}"')
"""A string of RFC 8941 section 3.3.3, or the same without quotes."""


@dataclass(frozen=True)
class Verdict:
    """All that may become of a request."""

    finding: Finding | BatchFinding
    producer_id: str | None

    def check(self, answer: Answer) -> dict[UUID, Sent]:
        """Fail unless the answer is one of those that are right; the signals that are stored by what it says."""
        if isinstance(self.finding, BatchFinding):
            return self.finding.check(answer)
        if answer.status == 201:
            check_created(answer)
            assert self.finding.signal, f"accepted, but should be {self.finding.codes}"
            return {UUID(answer.json()["id"]): self.finding.signal}
        code = answer.json()["code"]
        assert code in self.finding.codes, f"{code}, but should be {self.finding.codes or 'accepted'}"
        check_refusal(answer, code)
        if code == "validation_failed":
            assert fields_at_fault(answer) == list(self.finding.fields)
        return {}


def judge(request: Request, now: datetime) -> Verdict:
    """What may become of a POST of a signal, or of a batch, to a service with signing on. Spaces around the value of a
    header are no part of it (RFC 9110 section 5.5)."""
    request = replace(request, headers=tuple((name, value.strip(b" \t")) for name, value in request.headers))
    producer_ids = _values(request.headers, PRODUCER_ID)
    return Verdict(_judge(request, now), producer_ids[0].decode("latin-1") if producer_ids else None)


def _judge(request: Request, now: datetime) -> Finding | BatchFinding:
    codes = set(_head_faults(request))
    if codes:
        return Finding(frozenset(codes))
    headers, body = request.headers, request.body or b""
    fault = (
        _type_fault(headers)
        or _header_fault(headers, now)
        or _size_fault(body, BATCH_MAX_BYTES if request.path == BATCH else BODY_MAX_BYTES)
        or _signature_fault(headers, body)
        or _key_fault(headers)
    )
    if fault:
        return Finding(frozenset({fault}))
    found = examine_batch(body) if request.path == BATCH else examine(body)
    return _perhaps_known(found) if _values(headers, KEY) else found


def _perhaps_known(found: Finding | BatchFinding) -> Finding | BatchFinding:
    """Another body may have been stored under the same key."""
    if isinstance(found, BatchFinding):
        return replace(found, whole=found.whole | {"idempotency_mismatch"})
    return replace(found, codes=found.codes | {"idempotency_mismatch"}) if found.signal else found


def _type_fault(headers: Headers) -> str | None:
    types, codings = _values(headers, "Content-Type"), _values(headers, "Content-Encoding")
    if len(types) == 1 and _MEDIA_TYPE.fullmatch(types[0]) and all(map(_CODING.fullmatch, codings)):
        return None
    return "unsupported_media_type"


def _size_fault(body: bytes, most: int) -> str | None:
    return "body_too_large" if len(body) > most else None


def _head_faults(request: Request) -> Iterable[str]:
    hosts = _values(request.headers, "Host")
    values = [value for _, value in request.headers]
    if any(map(_FORBIDDEN.search, values)) or len(hosts) > 1 or not all(map(_HOST.fullmatch, hosts)):
        yield "malformed_request"
    if len(encoded_head(request)) > HEAD_MAX_BYTES:
        yield "headers_too_large"


def _header_fault(headers: Headers, now: datetime) -> str | None:
    """Whatever the body is."""
    given = [_values(headers, name) for name in (PRODUCER_ID, TIMESTAMP, SIGNATURE)]
    if any(len(values) > 1 for values in given):
        return "header_repeated"
    if not all(given):
        return "header_missing"
    [producer_id], [timestamp], [signature] = given
    if not re.fullmatch(rb"[!-~]{1,64}", producer_id):
        return "producer_id_invalid"
    moment = instant(timestamp.decode("latin-1"))
    if moment is None:
        return "timestamp_malformed"
    if not -300 <= (now - moment) // timedelta(seconds=1) <= 300:
        return "timestamp_outside_window"
    return None if _canonical(signature) else "signature_malformed"


def _signature_fault(headers: Headers, body: bytes) -> str | None:
    [producer_id], [timestamp], [signature] = [_values(headers, name) for name in (PRODUCER_ID, TIMESTAMP, SIGNATURE)]
    expected = b64encode(compute_mac(SECRET, body, timestamp, producer_id))
    return None if signature == expected else "signature_mismatch"


def _key_fault(headers: Headers) -> str | None:
    keys = _values(headers, KEY)
    return None if len(keys) < 2 and all(map(_KEY.fullmatch, keys)) else "idempotency_key_invalid"


def _canonical(signature: bytes) -> bool:
    try:
        return bool(signature) and b64encode(b64decode(signature, validate=True)) == signature
    except binascii.Error:
        return False


def _values(headers: Headers, name: str) -> list[bytes]:
    return [value for key, value in headers if key.lower() == name.lower()]
