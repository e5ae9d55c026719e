"""What is refused for the way it is asked, or since it is no signal, and what there is no time for.

Refusal
├── MalformedRequest      400 malformed_request
├── InvalidJson           400 invalid_json
├── DuplicateKey          400 duplicate_key
├── NotFound              404 not_found
├── MethodNotAllowed      405 method_not_allowed
├── RequestTimeout        408 request_timeout
├── BodyTooLarge          413 body_too_large
├── PayloadTooLarge       413 payload_too_large
├── UnsupportedMediaType  415 unsupported_media_type
├── ValidationFailed      422 validation_failed
├── HeadersTooLarge       431 headers_too_large
├── Overloaded            503 overloaded
└── ShuttingDown          503 shutting_down
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import FieldFault, Refusal


class MalformedRequest(Refusal):
    status, code = 400, "malformed_request"
    sentence = "The request is not valid HTTP/1.1"


class InvalidJson(Refusal):
    status, code = 400, "invalid_json"
    sentence = "The body is not valid JSON"


class DuplicateKey(Refusal):
    status, code = 400, "duplicate_key"
    sentence = "The body is not acceptable JSON: an object has the same key twice"


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

    def __init__(self, limit: int, counted: str = "") -> None:
        super().__init__(f"The payload is larger than {limit} bytes{counted}")

    @property
    def fields(self) -> list[str]:
        return ["payload"]


class UnsupportedMediaType(Refusal):
    status, code = 415, "unsupported_media_type"
    sentence = "Send the signal as Content-Type: application/json, in UTF-8 and without Content-Encoding"


class ValidationFailed(Refusal):
    status, code = 422, "validation_failed"
    sentence = "The request can be read, but is not valid"

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(faults)
        self.faults = faults

    @property
    def fields(self) -> list[str]:
        return list(dict.fromkeys(str(fault["loc"][-1]) for fault in self.faults))


class HeadersTooLarge(Refusal):
    status, code = 431, "headers_too_large"
    sentence = "The request line and headers are larger, or more, than the service accepts"


class Overloaded(Refusal):
    status, code = 503, "overloaded"
    sentence = "The service has more to do than it can take at once: send the same request again"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class ShuttingDown(Refusal):
    status, code = 503, "shutting_down"
    sentence = "The service is shutting down: send the same request again"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}
