"""JSON of RFC 8259, read strictly: what passes can be stored in `jsonb` without losing a digit or a character."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from decimal import Decimal, InvalidOperation
from typing import Any

import jiter
import msgspec

from service.http.errors import DuplicateKey, InvalidJson

_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBER = b"0" * 300

_HUGE_NUMBER = re.compile(rb"(?<![0-9.eE+-])-?[0-9]{4301,}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number with more digits before its point than Python itself reads. It is refused wherever it stands."""

_FRACTION_DIGITS_MAX = 16_383
_ZERO_EXPONENT_MAX = 131_071
"""The limits of PostgreSQL's numeric, in which jsonb keeps numbers (PostgreSQL manual, table 8.2)."""


def parse(body: bytes, *, exact: bool = True) -> Any:
    """The value that `body` holds. Numbers with a fraction or an exponent come as `jiter.LosslessFloat`, or as float
    where their digits are of no interest: that takes half of the time.

    Raises InvalidJson for anything that is not one JSON value in UTF-8 without a byte order mark, for lone
    surrogates, and for nesting deeper than the parser goes (200 levels); DuplicateKey when an object at any
    depth has a key twice.
    """
    try:
        return _read(body, exact)
    except ValueError as error:
        if "number out of range" not in str(error):
            raise _refusal(error, body) from None
    try:
        return _read(_HUGE_NUMBER.sub(b"1e999", body), exact)
    except ValueError as error:
        raise _refusal(error, body) from None


def _read(body: bytes, exact: bool) -> Any:
    return jiter.from_json(
        body,
        allow_inf_nan=False,
        catch_duplicate_keys=True,
        float_mode="lossless-float" if exact else "float",
        cache_mode="keys",
    )


class _Members(msgspec.Struct):
    payload: msgspec.Raw


_members = msgspec.json.Decoder(_Members)


def payload(body: bytes) -> bytes:
    """The member `payload` of an object that `parse` accepts, as it is written there."""
    return bytes(_members.decode(body).payload)


def _refusal(error: ValueError, body: bytes) -> InvalidJson | DuplicateKey:
    reason = str(error)
    if reason.startswith("Detected duplicate key"):
        return DuplicateKey()
    position = re.search(r" at (line \d+ column \d+)$", reason)
    fault = _unseen(body) or (f"see {position[1]}" if position else None)
    return InvalidJson(f"The body is not valid JSON: {fault}" if fault else None)


def _unseen(body: bytes) -> str | None:
    """A fault that an editor does not show, so that line and column would tell nobody anything."""
    if body.startswith((BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE)):
        return "it begins with a byte order mark"
    if body.endswith(b"\0"):
        return "it ends with a NUL byte"
    return None


def unstorable_values(value: dict[str, Any]) -> dict[str, str]:
    """Why members of the object `value`, parsed exactly, cannot be stored: a sentence by key, for those only."""
    reasons = {key: _unstorable(key) or _unstorable(member) for key, member in value.items()}
    return {key: reason for key, reason in reasons.items() if reason}


def is_suspicious(body: bytes) -> bool:
    """Whether the body contains what every unstorable value contains, so that ordinary ones are not walked through.

    A number out of the range of a double has an exponent or some three hundred digits in a row. Ten times as fast
    as the same question to a regular expression.
    """
    shape = body.translate(_SHAPE)
    return b"0e" in shape or _LONG_NUMBER in shape or rb"\u0000" in body


def exponents(value: Any) -> float:
    """The exponents of all numbers in `value`, parsed exactly, added up without their signs: about so many bytes more
    they take where they are written out, as jsonb does."""
    if isinstance(value, jiter.LosslessFloat):
        # As float, since Python reads no whole number of more than 4,300 digits, be they zeros.
        return abs(float(str(value).lower().partition("e")[2] or 0))
    if isinstance(value, dict):
        return sum(map(exponents, value.values()))
    return sum(map(exponents, value)) if isinstance(value, list) else 0


def _unstorable(value: Any) -> str | None:
    if isinstance(value, str):
        return "Input must not contain the character U+0000" if "\x00" in value else None
    if isinstance(value, int | jiter.LosslessFloat) and not isinstance(value, bool):
        return None if _number_fits(value) else "Input must not contain a number outside the range of a double"
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return next(filter(None, map(_unstorable, value)), None)
    return None


def _number_fits(number: "int | jiter.LosslessFloat") -> bool:
    """Whether the number is zero or a finite, non-zero double, written with no more digits than jsonb keeps."""
    try:
        exact = Decimal(str(number))
        size = abs(float(number))
    except (InvalidOperation, OverflowError):
        return False
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_FRACTION_DIGITS_MAX:
        return False
    if exact.is_zero():
        return exponent <= _ZERO_EXPONENT_MAX
    return 0 < size < float("inf")
