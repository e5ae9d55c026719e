"""What the contract says about JSON, read by the standard library alone: no code of the service has a hand in it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

LEVELS_ALWAYS_READ, LEVELS_NEVER_READ = 128, 1000
"""Nesting up to the one is accepted and from the other on refused; between them the parser may do either."""

_FRACTION_DIGITS_MAX, _ZERO_EXPONENT_MAX = 16_383, 131_071
"""PostgreSQL manual, table 8.2: what `jsonb` keeps of a number."""


_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:')
"""What may be a key in a text that is not JSON: a parser may see one twice before it sees the fault."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Digits(str):
    """A number, as it was written."""

    __slots__ = ()


class Whole(Digits):
    """A number without a fraction and an exponent."""

    __slots__ = ()


@dataclass(frozen=True)
class Reading:
    """What a body holds, unless it must be refused, and the codes with which it may be."""

    value: Any
    codes: frozenset[str]
    acceptable: bool


def read(body: bytes) -> Reading:
    """Read one JSON value. Of two faults of which each ends the reading, either may be told."""
    codes: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            codes.add("duplicate_key")
            if _has_surrogate([part for pair in pairs for part in pair]):  # also in what is not found any more
                codes.add("invalid_json")
        return found

    try:
        value = json.loads(
            body.decode(), object_pairs_hook=members, parse_int=Whole, parse_float=Digits, parse_constant=no_number
        )
    except (ValueError, RecursionError):
        keys = [*map(_key, _KEY.findall(body))]
        twice = {"duplicate_key"} if codes or len(set(keys)) < len(keys) else set()
        return Reading(None, frozenset(twice | {"invalid_json"}), acceptable=False)
    levels = depth(value)
    if levels >= LEVELS_NEVER_READ or _has_surrogate(value):
        codes.add("invalid_json")
    perhaps = {"invalid_json"} if levels > LEVELS_ALWAYS_READ else set()
    return Reading(value, frozenset(codes | perhaps), acceptable=not codes)


def _key(text: bytes) -> str | bytes:
    """A key, however it is written; as it is written where it is none."""
    try:
        return str(json.loads(b'"%b"' % text))
    except ValueError:
        return text


def no_number(name: str) -> NoReturn:
    """Refuses NaN and Infinity, which are no JSON. Raises ValueError."""
    raise ValueError(name)


def _has_surrogate(value: Any) -> bool:
    return any(isinstance(node, str) and _SURROGATE.search(node) for node in _nodes(value))


def _nodes(value: Any) -> Iterator[Any]:
    """The value and all that lies in it, keys included."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, dict):
            waiting += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            waiting += node


def depth(value: Any) -> int:
    """How deep arrays and objects lie in each other."""
    layer, levels = [value], 0
    while layer := [node for node in layer if isinstance(node, dict | list)]:
        layer = [inner for node in layer for inner in (node.values() if isinstance(node, dict) else node)]
        levels += 1
    return levels


def storable(value: Any) -> bool:
    """Whether `jsonb` can hold the value, and hold it within the range of a double."""
    return all(_storable_leaf(node) for node in _nodes(value))


def _storable_leaf(node: Any) -> bool:
    if isinstance(node, Digits):
        return _in_range(node)
    return not isinstance(node, str) or "\0" not in node


def _in_range(number: Digits) -> bool:
    mantissa, _, exponent = number.lower().partition("e")
    if mantissa.strip("-0."):
        if abs(float(number)) in {0, float("inf")}:
            return False
    elif len(exponent) > len("+131071"):
        return False
    power = int(exponent or 0)
    return len(mantissa.partition(".")[2]) - power <= _FRACTION_DIGITS_MAX and (
        bool(mantissa.strip("-0.")) or power <= _ZERO_EXPONENT_MAX
    )


def exponents(value: Any) -> int:
    """The exponents of all numbers in it, none of which is out of range, added up without their signs."""
    parts = (node.lower().partition("e")[2] for node in _nodes(value) if isinstance(node, Digits))
    return sum(abs(int(exponent or 0)) for exponent in parts)


def same(sent: Any, stored: Any) -> bool:
    """Whether a value was stored as it was sent: every character and every digit, as `numeric` writes it."""
    if isinstance(sent, Digits) or isinstance(stored, Digits):
        return isinstance(sent, Digits) and isinstance(stored, Digits) and _as_numeric(sent) == _as_numeric(stored)
    if isinstance(sent, dict):
        return isinstance(stored, dict) and sent.keys() == stored.keys() and all(same(sent[k], stored[k]) for k in sent)
    if isinstance(sent, list):
        return isinstance(stored, list) and len(sent) == len(stored) and all(map(same, sent, stored))
    return type(sent) is type(stored) and sent == stored


def _as_numeric(number: Digits) -> tuple[Decimal, int]:
    """The value and its digits after the point: `1e2` is stored as 100, `1.10` as it is, `-0.0` without its sign."""
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return value, max(0, -exponent)
