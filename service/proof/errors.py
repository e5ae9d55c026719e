"""What is refused because its sender is not proven.

Refusal
└── AuthenticationRefusal
    ├── HeaderRepeated             400 header_repeated
    ├── HeaderMissing              401 header_missing
    ├── ProducerIdInvalid          400 producer_id_invalid
    └── ProofRefusal
        ├── TimestampMalformed     401 timestamp_malformed
        ├── TimestampOutsideWindow 401 timestamp_outside_window
        ├── SignatureMalformed     401 signature_malformed
        └── SignatureMismatch      401 signature_mismatch
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import Refusal


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
