"""Every refusal the service can make.

Refusal
├── MalformedRequest      400 malformed_request
├── UpgradeRefused        400 upgrade_refused
├── InvalidJson           400 invalid_json
├── DuplicateKey          400 duplicate_key
├── AuthenticationRefusal
│   ├── HeaderRepeated             400 header_repeated
│   ├── HeaderMissing              401 header_missing
│   ├── ProducerIdInvalid          400 producer_id_invalid
│   └── ProofRefusal
│       ├── TimestampMalformed     401 timestamp_malformed
│       ├── TimestampOutsideWindow 401 timestamp_outside_window
│       ├── SignatureMalformed     401 signature_malformed
│       └── SignatureMismatch      401 signature_mismatch
├── NotFound              404 not_found
├── MethodNotAllowed      405 method_not_allowed
├── RequestTimeout        408 request_timeout
├── BodyTooLarge          413 body_too_large
├── PayloadTooLarge       413 payload_too_large
├── UnsupportedMediaType  415 unsupported_media_type
├── ValidationFailed      422 validation_failed
├── HeadersTooLarge       431 headers_too_large
├── InternalError         500 internal_error
├── Overloaded            503 overloaded
└── ShuttingDown          503 shutting_down

The code of a refusal is a promise to producers and never changes. `detail` tells what to change, and never
repeats what was sent.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypedDict


class FieldFault(TypedDict):
    """One fault of a signal, in the form that pydantic and FastAPI users know."""

    loc: list[str]
    msg: str
    type: str


class Refusal(Exception):
    """A request that is not accepted: HTTP status, stable code, and a sentence for the producer."""

    status: ClassVar[int]
    code: ClassVar[str]
    sentence: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str | list[FieldFault] | None = None) -> None:
        super().__init__(self.code)
        self.detail = self.sentence if detail is None else detail
        self.extra: Mapping[str, str | int] = {}
        """What the answer tells beside code, detail and request id."""

    @property
    def fields(self) -> list[str]:
        """The names of the fields or headers at fault, for the log."""
        return []


class MalformedRequest(Refusal):
    status, code = 400, "malformed_request"
    sentence = "The request is not valid HTTP/1.1"


class UpgradeRefused(Refusal):
    status, code = 400, "upgrade_refused"
    sentence = "This service speaks HTTP/1.1 only: send the request without Upgrade"


class InvalidJson(Refusal):
    status, code = 400, "invalid_json"
    sentence = "The body is not valid JSON"


class DuplicateKey(Refusal):
    status, code = 400, "duplicate_key"
    sentence = "The body is not acceptable JSON: an object has the same key twice"


class AuthenticationRefusal(Refusal):
    """The sender is not proven. `reason` is the word for it in the audit trail."""

    reason: ClassVar[str] = "malformed_header"


class HeaderRepeated(AuthenticationRefusal):
    status, code = 400, "header_repeated"
    sentence = "Send each signing header once"


class HeaderMissing(AuthenticationRefusal):
    status, code, reason = 401, "header_missing", "missing_header"
    sentence = "A signing header is missing"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "HMAC-SHA256"}

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Missing header: {', '.join(names)}")
        self.names = names

    @property
    def fields(self) -> list[str]:
        return self.names


class ProducerIdInvalid(AuthenticationRefusal):
    status, code = 400, "producer_id_invalid"
    sentence = "X-Producer-Id must be 1 to 64 printable ASCII characters without spaces"


class ProofRefusal(AuthenticationRefusal):
    """The timestamp or the signature is refused; `extra` tells what was received, and which mistake it looks like."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "HMAC-SHA256"}


class TimestampMalformed(ProofRefusal):
    code = "timestamp_malformed"
    sentence = "X-Timestamp must look like 2026-01-31T12:00:00Z or 2026-01-31T12:00:00.123+01:00"


class TimestampOutsideWindow(ProofRefusal):
    code, reason = "timestamp_outside_window", "clock_skew"
    sentence = "X-Timestamp is more than 300 seconds away from the clock of the service"


class SignatureMalformed(ProofRefusal):
    code = "signature_malformed"
    sentence = "X-Signature must be canonical standard base64, with padding"


class SignatureMismatch(ProofRefusal):
    code, reason = "signature_mismatch", "invalid_signature"
    sentence = "X-Signature does not match the body, the timestamp and the producer id"


class NotFound(Refusal):
    status, code = 404, "not_found"
    sentence = "There is nothing at this path"


class MethodNotAllowed(Refusal):
    status, code = 405, "method_not_allowed"
    sentence = "This path does not answer this method: see Allow"


class RequestTimeout(Refusal):
    status, code = 408, "request_timeout"
    sentence = "The request did not arrive in time"


class BodyTooLarge(Refusal):
    status, code = 413, "body_too_large"
    sentence = "The request body is larger than the service accepts"


class PayloadTooLarge(Refusal):
    status, code = 413, "payload_too_large"
    sentence = "The payload is larger than the service accepts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The payload is larger than {limit} bytes")

    @property
    def fields(self) -> list[str]:
        return ["payload"]


class UnsupportedMediaType(Refusal):
    status, code = 415, "unsupported_media_type"
    sentence = "Send the signal as Content-Type: application/json, in UTF-8 and without Content-Encoding"


class ValidationFailed(Refusal):
    status, code = 422, "validation_failed"
    sentence = "The body is JSON but not a valid signal"

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(faults)
        self.faults = faults

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(fault["loc"][-1] for fault in self.faults))


class HeadersTooLarge(Refusal):
    status, code = 431, "headers_too_large"
    sentence = "The request line and headers are larger than the service accepts"


class InternalError(Refusal):
    status, code = 500, "internal_error"
    sentence = "Internal server error"


class Overloaded(Refusal):
    status, code = 503, "overloaded"
    sentence = "The service has more to do than it can store: send the same request again"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class ShuttingDown(Refusal):
    status, code = 503, "shutting_down"
    sentence = "The service is shutting down: send the same request again"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


def all_refusals(root: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Every refusal with a code, in the order of the tree above."""
    for refusal in root.__subclasses__():
        if hasattr(refusal, "code"):
            yield refusal
        yield from all_refusals(refusal)
