"""The checks that the service makes, as a careful team would write them by hand; the Python rivals share them.

Order: size, content type, signing headers, window, signature, then the fields. What the service does beyond these
(duplicate keys, digits of numbers, resends, the audit trail) is not asked of a rival.
"""

import hmac
import json
import os
import re
from base64 import b64encode
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import uuid_utils.compat
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.requests import Request

PAYLOAD_MAX_BYTES = 32768
BODY_MAX_BYTES = 6 * PAYLOAD_MAX_BYTES + 4096
WINDOW_SECONDS = 300

_SECRET = os.environ["HMAC_PRODUCER_SECRET"].encode()
_PRODUCER_ID = re.compile(r"[!-~]{1,64}")
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


class Refused(Exception):
    """A request that is not accepted."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def _parse_time(value: Any) -> datetime:
    if not isinstance(value, str) or _TIMESTAMP.fullmatch(value) is None:
        raise ValueError("not a date and time with a zone")
    return datetime.fromisoformat(value)


class SignalIn(BaseModel):
    """The fields of a signal, as strict as the service's own."""

    model_config = ConfigDict(strict=True)

    instrument: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9._-]{2,20}$")]
    side: Annotated[int, Field(ge=0, le=1)]
    time: Annotated[datetime, BeforeValidator(_parse_time)]
    payload: dict[str, Any] | None = None
    version: Annotated[int, Field(ge=1, le=2_147_483_647)] = 1


async def signed_body(request: Request) -> tuple[bytes, str]:
    """The body of a request that is small enough, JSON by its content type, and signed; and who sent it.

    Raises Refused with 400, 401, 413 or 415.
    """
    headers = request.headers
    if int(headers.get("content-length", BODY_MAX_BYTES + 1)) > BODY_MAX_BYTES:
        raise Refused(413, "body too large")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "content type is not application/json")
    producer_id, timestamp, signature = (headers.get(name) for name in ("x-producer-id", "x-timestamp", "x-signature"))
    if producer_id is None or timestamp is None or signature is None:
        raise Refused(401, "signing header missing")
    if _PRODUCER_ID.fullmatch(producer_id) is None:
        raise Refused(400, "producer id ill-formed")
    check_window(timestamp)
    body = await request.body()
    expected = b64encode(hmac.digest(_SECRET, body + (timestamp + producer_id).encode(), "sha256"))
    if not hmac.compare_digest(expected, signature.encode("latin-1")):
        raise Refused(401, "signature does not match")
    return body, producer_id


def check_window(timestamp: str) -> None:
    """Raises Refused when `timestamp` cannot be read or is more than the window from now."""
    try:
        age = (datetime.now(UTC) - _parse_time(timestamp)).total_seconds() // 1
    except ValueError:
        raise Refused(401, "timestamp malformed") from None
    if not -WINDOW_SECONDS <= age <= WINDOW_SECONDS:
        raise Refused(401, "timestamp outside the window")


def check_payload_size(body: bytes, payload: dict[str, Any] | None) -> None:
    """Raises Refused when the payload is too large; a shorter body need not be measured."""
    if len(body) > PAYLOAD_MAX_BYTES:
        size = len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())
        if size > PAYLOAD_MAX_BYTES:
            raise Refused(413, "payload too large")


def new_id() -> UUID:
    """UUID version 7, so that every contestant's index grows at its edge."""
    return uuid_utils.compat.uuid7()
