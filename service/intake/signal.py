"""What comes in and what goes out."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from service.http import strict_json
from service.http.errors import PayloadTooLarge, ValidationFailed
from service.kernel.errors import FieldFault
from service.kernel.timestamps import FORM, parse_timestamp

TIME_FROM = datetime(1900, 1, 1, tzinfo=UTC)
TIME_BEFORE = datetime(2201, 1, 1, tzinfo=UTC)

_TIME_SCHEMA = {
    "type": "string",
    "format": "date-time",
    "pattern": f"^(?:(?:19|2[01])[0-9]{{2}}|2200){FORM.pattern.removeprefix('[0-9]{4}')}$",
    "description": "When, with a zone, in the years 1900 to 2200 in UTC; digits after the sixth are cut off",
}

_GROWTH = 6
"""By how many times its limit a payload may grow when jsonb writes its exponents out: as much as it may be larger on
the wire. Else a few bytes that came in would be a thousand times as many whenever they are read."""

EXPIRY_MAX = timedelta(days=30)

_EXPIRY_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "date-time", "pattern": f"^2[0-9]{{3}}{FORM.pattern.removeprefix('[0-9]{4}')}$"},
        {"type": "null"},
    ],
    "default": None,
    "description": "Until when it may be acted on: in the future, and at most 30 days after it is stored",
}

_EXPECTED = {
    "instrument": "Input should be a string of 2 to 20 characters: A-Z, 0-9, dot, underscore or hyphen",
    "side": "Input should be the number 0 for buy or 1 for sell",
    "payload": "Input should be a JSON object, or null",
    "version": "Input should be a whole number from 1 to 2147483647",
}
"""What a field that is there should have been, in place of pydantic's words, which speak of Python and of patterns."""


def _signal_time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    try:
        moment = parse_timestamp(value)
    except ValueError:
        raise PydanticCustomError(
            "datetime_parsing", "Input should be a date and time with a zone, like 2026-01-31T12:00:00Z"
        ) from None
    if not TIME_FROM <= moment < TIME_BEFORE:
        raise PydanticCustomError("datetime_range", "Input should be in the years 1900 to 2200 in UTC")
    return moment.astimezone(UTC)


def _expiry(value: Any) -> datetime | None:
    return None if value is None else _signal_time(value)


class SignalCreate(BaseModel):
    """A trading signal as a producer posts it. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    instrument: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9._-]{2,20}$"), Field(description="What is traded")]
    side: Annotated[int, Field(ge=0, le=1, description="0 buy, 1 sell; written without a fraction")]
    time: Annotated[datetime, BeforeValidator(_signal_time), WithJsonSchema(_TIME_SCHEMA)]
    payload: Annotated[dict[str, Any] | None, Field(description="Data of your own, stored digit for digit")] = None
    version: Annotated[int, Field(ge=1, le=2_147_483_647, description="Of the form of your payload")] = 1
    expires_at: Annotated[datetime | None, BeforeValidator(_expiry), WithJsonSchema(_EXPIRY_SCHEMA)] = None


class SignalCreated(BaseModel):
    """The answer to a signal that is stored. Status is 0 new, 1 queued, 2 closed."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    status: Literal[0, 1, 2]
    created_at: datetime


def created(id: UUID, created_at: datetime, *, differs: bool = False) -> bytes:
    """The JSON of SignalCreated for a signal that is new, without the way through the model, which takes twice as long.
    `created_at` is in UTC."""
    content = {"id": str(id), "status": 0, "created_at": created_at}
    return orjson.dumps(content | {"differs": True} if differs else content, option=orjson.OPT_UTC_Z)


def check_expiry(expires_at: datetime, now: datetime) -> None:
    """Raises ValidationFailed when a signal that is stored now may not expire then."""
    if not now < expires_at <= now + EXPIRY_MAX:
        message = f"Input should be in the future, and at most {EXPIRY_MAX.days} days from now"
        raise ValidationFailed([_fault("expires_at", message, "expiry")])


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the `time` of a signal may be from now, either way."""

    max_age: timedelta

    def check(self, moment: datetime, now: datetime) -> None:
        """Raises ValidationFailed when `moment` is further from `now` than allowed."""
        if abs(now - moment) > self.max_age:
            seconds = int(self.max_age.total_seconds())
            raise ValidationFailed([_fault("time", f"Input should be within {seconds} seconds of now", "datetime_age")])


def parse_signal(body: bytes, payload_max_bytes: int) -> SignalCreate:
    """The signal in a request body; all faults of its fields are reported at once.

    Raises InvalidJson, DuplicateKey, ValidationFailed, and PayloadTooLarge when the payload, written as compact
    UTF-8 JSON, is longer than `payload_max_bytes`, or would be six times as long with its exponents written out.
    """
    suspicious = strict_json.is_suspicious(body)
    value = strict_json.parse(body, exact=suspicious)
    return check_signal(value, body, payload_max_bytes, suspicious=suspicious)


def check_signal(value: Any, body: bytes, payload_max_bytes: int, *, suspicious: bool) -> SignalCreate:
    """The signal in a value that was parsed from `body`, exactly where it is `suspicious`; raises what `parse_signal`
    does for it."""
    if not isinstance(value, dict):
        raise ValidationFailed([_fault("", "Input should be a JSON object", "dict_type")])
    reasons = strict_json.unstorable_values(value) if suspicious else {}
    faults = [_fault(key, reason, "value_error") for key, reason in reasons.items()]
    try:
        # What `model_validate` does for other callers is a quarter of its time.
        signal: SignalCreate = SignalCreate.__pydantic_validator__.validate_python(value)
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        faults += [_fault(str(d["loc"][0]), _message(d), d["type"]) for d in details]
    if faults:
        raise ValidationFailed(faults)
    if len(body) > payload_max_bytes and _compact_size(signal.payload) > payload_max_bytes:
        raise PayloadTooLarge(payload_max_bytes)
    if suspicious and strict_json.exponents(signal.payload) > _GROWTH * payload_max_bytes:
        raise PayloadTooLarge(_GROWTH * payload_max_bytes, " with its exponents written out")
    return signal


def _message(detail: ErrorDetails) -> str:
    return detail["msg"] if detail["type"] == "missing" else _EXPECTED.get(str(detail["loc"][0]), detail["msg"])


def _fault(field: str, message: str, kind: str) -> FieldFault:
    """A fault that names a field of the contract; what is not one belongs to the sender and is not echoed."""
    known = field in SignalCreate.model_fields
    return {"loc": ["body", field] if known else ["body"], "msg": message, "type": kind}


def _compact_size(payload: dict[str, Any] | None) -> int:
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":"), default=float).encode())
