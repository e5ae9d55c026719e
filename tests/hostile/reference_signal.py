"""What the contract says about a body: the code of its refusal and the fields at fault, or the signal that it is."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.hostile.reference_json import Whole, exponents, read, storable
from tests.observing.contract import FIELDS

PAYLOAD_MAX_BYTES = 32768

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", flags=re.ASCII
)


@dataclass(frozen=True)
class Sent:
    """A signal as it has to be found in the database."""

    instrument: str
    side: int
    time: datetime
    payload: Any
    version: int


@dataclass(frozen=True)
class Finding:
    """The codes with which a body may be refused, and the signal when it may be accepted. `fields` are those at
    fault, when it is for them that it is refused."""

    codes: frozenset[str]
    signal: Sent | None = None
    fields: tuple[str, ...] = ()


def examine(body: bytes) -> Finding:
    """What may become of a body that is signed."""
    reading = read(body)
    if not reading.acceptable:
        return Finding(reading.codes)
    fields = sorted(_fields_at_fault(reading.value))
    if fields:
        return Finding(reading.codes | {"validation_failed"}, None, tuple(fields))
    if len(body) > PAYLOAD_MAX_BYTES and _compact_size(body) > PAYLOAD_MAX_BYTES:
        return Finding(reading.codes | {"payload_too_large"})
    value = reading.value
    if exponents(value.get("payload")) > 6 * PAYLOAD_MAX_BYTES:
        return Finding(reading.codes | {"payload_too_large"})
    time = instant(value["time"])
    assert time is not None
    signal = Sent(
        value["instrument"], int(value["side"]), time, value.get("payload"), int(value.get("version", Whole(1)))
    )
    return Finding(reading.codes, signal)


def _fields_at_fault(value: Any) -> set[str]:
    if not isinstance(value, dict):
        return {"body"}
    time = instant(value.get("time"))
    side, version = value.get("side"), value.get("version", Whole(1))
    instrument = value.get("instrument")
    found = {
        "instrument": type(instrument) is str and re.fullmatch(r"[A-Z0-9._-]{2,20}", instrument),
        "side": type(side) is Whole and side in {"0", "1", "-0"},
        "time": time is not None and datetime(1900, 1, 1, tzinfo=UTC) <= time < datetime(2201, 1, 1, tzinfo=UTC),
        "payload": value.get("payload") is None or isinstance(value["payload"], dict),
        "version": type(version) is Whole and len(version) <= 10 and 1 <= int(version) <= 2_147_483_647,
    }
    faults = {name for name, good in found.items() if not good}
    unstorable = {key for key, member in value.items() if not storable([key, member])}
    return faults | {key if key in FIELDS else "body" for key in unstorable}


def _compact_size(body: bytes) -> int:
    payload = json.loads(body).get("payload")
    return len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


def instant(text: Any) -> datetime | None:
    """The moment that a text in the one form of the contract means; None for anything else."""
    match = _TIME.fullmatch(text) if type(text) is str else None
    if match is None:
        return None
    *numbers, fraction, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, timezone(offset))
    except ValueError:
        return None
