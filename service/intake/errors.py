"""What is refused because its body is no signal.

Refusal
├── PayloadTooLarge       413 payload_too_large
└── ValidationFailed      422 validation_failed
"""

from service.kernel.errors import FieldFault, Refusal


class PayloadTooLarge(Refusal):
    status, code = 413, "payload_too_large"
    sentence = "The payload is larger than the service accepts"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The payload is larger than {limit} bytes")

    @property
    def fields(self) -> list[str]:
        return ["payload"]


class ValidationFailed(Refusal):
    status, code = 422, "validation_failed"
    sentence = "The body is JSON but not a valid signal"

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(faults)
        self.faults = faults

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(str(fault["loc"][-1]) for fault in self.faults))
