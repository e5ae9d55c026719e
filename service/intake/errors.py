"""What is refused because its body is no signal.

Refusal
├── PayloadTooLarge       413 payload_too_large
└── ValidationFailed      422 validation_failed, of service.http.errors
"""

from service.http.errors import ValidationFailed as ValidationFailed
from service.kernel.errors import FieldFault, Refusal

UNSTORABLE = FieldFault(loc=["body", "payload"], msg="Input cannot be stored as jsonb", type="value_error")
"""What PostgreSQL alone finds out."""


class PayloadTooLarge(Refusal):
    status, code = 413, "payload_too_large"
    sentence = "The payload is larger than the service accepts"

    def __init__(self, limit: int, counted: str = "") -> None:
        super().__init__(f"The payload is larger than {limit} bytes{counted}")

    @property
    def fields(self) -> list[str]:
        return ["payload"]
