"""The items of a batch, as values and as they are written.

What is wrong within an item is that item's fault; what is wrong outside of the items, or where the bytes are no JSON,
is the fault of the whole batch.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from service.http import strict_json
from service.http.errors import DuplicateKey, InvalidJson, ValidationFailed
from service.kernel.errors import FieldFault, Refusal

OF_A_SIGNAL = ("instrument", "side", "time")
"""What a signal has and a batch must not have at its top: the path is not signed, so that otherwise the signature of
one could be used for the other."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The items by their places: the value of each or the refusal of its JSON, and its bytes. Their numbers were read
    exactly where the body is `suspicious`."""

    values: Sequence[Any]
    written: Sequence[bytes]
    atomic: bool
    suspicious: bool


class _Items(msgspec.Struct):
    signals: list[msgspec.Raw]


class _List(msgspec.Struct):
    signals: msgspec.Raw


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

_items, _list = msgspec.json.Decoder(_Items), msgspec.json.Decoder(_List)


def open_envelope(body: bytes, items_max: int) -> Envelope:
    """The batch in a request body, its items unchecked.

    Raises InvalidJson, DuplicateKey, and ValidationFailed when it is no batch of 1 to `items_max` items.
    """
    suspicious = strict_json.is_suspicious(body)
    try:
        envelope = strict_json.parse(body, exact=suspicious)
    except (InvalidJson, DuplicateKey) as refusal:
        return _open_apart(body, refusal, items_max)
    values, atomic = _check(envelope, items_max, suspicious=suspicious)
    return Envelope(values, _items.decode(body).signals, atomic, suspicious)


def _open_apart(body: bytes, refusal: Refusal, items_max: int) -> Envelope:
    """The same where a fault lies in the JSON, which may be that of an item. Raises `refusal` when it is not, or when
    nobody can tell: nesting of a thousand levels hides where an item ends."""
    try:
        body.decode("utf-8")
        start, end, written = _cut(body)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        raise refusal from None
    places = ",".join(map(str, range(len(written)))).encode()
    rest = body[:start] + b"[%b]" % places + body[end:]
    _, atomic = _check(strict_json.parse(rest), items_max, suspicious=True)
    return Envelope([_parsed(each) for each in written], written, atomic, suspicious=True)


def _cut(body: bytes) -> tuple[int, int, Sequence[bytes]]:
    """Where the list of items begins and ends, and the bytes of each. Surrogates are looked past, which msgspec would
    refuse wherever they stand: a letter stands in for each, as long as it is written."""
    readable = _SURROGATE.sub(rb"\\u0041", body)
    together = bytes(_list.decode(readable).signals)
    start = place = readable.index(together)
    items = []
    for item in _items.decode(readable).signals:
        place = readable.index(bytes(item), place)
        items.append(body[place : place + len(bytes(item))])
        place += len(items[-1])
    return start, start + len(together), items


def _parsed(item: bytes) -> Any:
    try:
        return strict_json.parse(item)
    except (InvalidJson, DuplicateKey) as refusal:
        return refusal


def _check(envelope: Any, items_max: int, *, suspicious: bool) -> tuple[Sequence[Any], bool]:
    if not isinstance(envelope, dict):
        raise ValidationFailed([_fault((), "Input should be a JSON object", "dict_type")])
    rest = {key: member for key, member in envelope.items() if key != "signals"}
    reasons = strict_json.unstorable_values(rest).values() if suspicious else ()
    faults = [_fault((), reason, "value_error") for reason in reasons]
    faults += [
        _fault((name,), "Input should be a batch: one signal has a path of its own", "extra_forbidden")
        for name in OF_A_SIGNAL
        if name in rest
    ]
    if not isinstance(rest.get("atomic", False), bool):
        faults.append(_fault(("atomic",), "Input should be true or false", "bool_type"))
    faults += _faults_of_list(envelope, items_max)
    if faults:
        raise ValidationFailed(faults)
    return envelope["signals"], rest.get("atomic", False)


def _faults_of_list(envelope: dict[str, Any], items_max: int) -> list[FieldFault]:
    if "signals" not in envelope:
        return [_fault(("signals",), "Field required", "missing")]
    items = envelope["signals"]
    expected = f"Input should be a list of 1 to {items_max} signals"
    if not isinstance(items, list):
        return [_fault(("signals",), expected, "list_type")]
    if not items:
        return [_fault(("signals",), expected, "too_short")]
    return [_fault(("signals",), expected, "too_long")] if len(items) > items_max else []


def _fault(place: tuple[str, ...], message: str, kind: str) -> FieldFault:
    return {"loc": ["body", *place], "msg": message, "type": kind}
