"""A signal on its way out, as JSON that keeps every digit, and what the service says about it once it is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

from service.kernel.timestamps import utc_now

_LONGEST_FRACTION = 16_383
"""The most digits that PostgreSQL keeps behind the point."""


class Side(IntEnum):
    """Which way a signal goes."""

    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True)
class Signal:
    """A trading signal. The service checks it, not this class.

    `time`, and `expires_at`, until when it may be acted on, are aware datetimes, or text that is sent as it is.
    `payload` is a mapping, in which a Decimal becomes a JSON number with all its digits, or the JSON text of an object,
    which is sent as it is.
    """

    instrument: str
    side: int
    time: datetime | str = field(default_factory=utc_now)
    payload: Mapping[str, Any] | bytes | None = None
    version: int = 1
    expires_at: datetime | str | None = None

    def body(self) -> bytes:
        """The JSON that is signed and sent.

        Raises ValueError or TypeError when a value of the payload has no JSON form, and when `time` has no zone.
        """
        fields = {
            "instrument": json_text(self.instrument),
            "side": json_text(self.side),
            "time": json_text(_time_text(self.time)),
            "version": json_text(self.version),
        }
        if self.expires_at is not None:
            fields["expires_at"] = json_text(_time_text(self.expires_at))
        if self.payload is not None:
            given = self.payload
            fields["payload"] = given.decode("utf-8") if isinstance(given, bytes) else json_text(given)
        return ("{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}").encode("utf-8")


def _time_text(time: datetime | str) -> str:
    if isinstance(time, str):
        return time
    if time.tzinfo is None:
        raise ValueError("the time of a signal needs a zone")
    return time.isoformat()


Sendable = Signal | Mapping[str, Any] | bytes | str
"""What can be sent: a signal, its fields by name, or its JSON."""


def body_of(signal: Sendable) -> bytes:
    """The JSON of a signal.

    Raises TypeError for fields that a signal does not have or lacks, and as `Signal.body` does.
    """
    match signal:
        case Signal():
            return signal.body()
        case Mapping():
            return Signal(**signal).body()
        case bytes():
            return signal
        case str():
            return signal.encode("utf-8")
    raise TypeError(f"a signal is a Signal, a mapping of its fields, or its JSON, not {type(signal).__name__}")


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """A signal that the service has on disk. `status` is 0 new, 1 queued, 2 closed.

    `replayed` tells that an earlier attempt had stored it. `request_id` finds the request in the log of the service.
    `differs` is None unless another request had stored it, which said the same: whether its payload or version was
    another.
    """

    id: UUID
    status: int
    created_at: datetime
    replayed: bool
    request_id: str
    differs: bool | None = None


def json_text(value: Any) -> str:
    """`value` as compact JSON. The standard library would write a Decimal as a float, or not at all.

    Raises TypeError for what has no JSON form and for keys that are no strings, ValueError for NaN and infinity.
    """
    match value:
        case Decimal():
            return _number(value)
        case Mapping():
            return "{" + ",".join(f"{_key(key)}:{json_text(member)}" for key, member in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_text, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _number(value: Decimal) -> str:
    """With all its digits, and without an exponent where the value has a fraction, as the service writes it. (A long
    row of zeros would be a small value with a large text.)"""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError("NaN and infinity have no JSON form")
    return format(value, "f") if -_LONGEST_FRACTION <= exponent <= 0 else str(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of a JSON object must be a string, not {type(key).__name__}")
    return json.dumps(key, ensure_ascii=False)
