"""What is refused because its body is no signal, or was sent before.

Refusal
├── IdempotencyKeyInvalid  400 idempotency_key_invalid
├── DuplicateSignal        409 duplicate_signal
├── PayloadTooLarge        413 payload_too_large
├── IdempotencyMismatch    422 idempotency_mismatch
└── ValidationFailed       422 validation_failed
"""

from uuid import UUID

from service.kernel.errors import FieldFault, Refusal


class IdempotencyKeyInvalid(Refusal):
    status, code = 400, "idempotency_key_invalid"
    sentence = "Idempotency-Key has 1 to 128 printable ASCII characters, given once, in quotes or without"


class DuplicateSignal(Refusal):
    """`first` is the signal that is stored."""

    status, code = 409, "duplicate_signal"
    sentence = "The producer has sent a signal for the same instrument, side and time before, which is stored"
    counts = True

    def __init__(self, first: UUID) -> None:
        super().__init__()
        self.first = first
        self.answer_headers = {"Duplicate-Of": str(first)}


class PayloadTooLarge(Refusal):
    status, code = 413, "payload_too_large"
    sentence = "The payload is larger than the service accepts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The payload is larger than {limit} bytes")

    @property
    def fields(self) -> list[str]:
        return ["payload"]


class IdempotencyMismatch(Refusal):
    status, code = 422, "idempotency_mismatch"
    sentence = "Another body was stored under this Idempotency-Key: send what is new under a key of its own"


class ValidationFailed(Refusal):
    status, code = 422, "validation_failed"
    sentence = "The body is JSON but not a valid signal"

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(faults)
        self.faults = faults

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(str(fault["loc"][-1]) for fault in self.faults))
