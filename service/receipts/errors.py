"""What is refused because it was sent before, or because of the key under which it was sent.

Refusal
├── IdempotencyKeyInvalid  400 idempotency_key_invalid
├── DuplicateSignal        409 duplicate_signal
└── IdempotencyMismatch    422 idempotency_mismatch
"""

from uuid import UUID

from service.kernel.errors import Refusal


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


class IdempotencyMismatch(Refusal):
    status, code = 422, "idempotency_mismatch"
    sentence = "Another body was stored under this Idempotency-Key: send what is new under a key of its own"
