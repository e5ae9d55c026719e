# ruff: noqa: RUF001
"""Signed bodies that programs have got wrong, each with the one right answer.

The numbers are those of sections A and B of the list of hostile inputs from which the contract was written. Seen to
fail when an exception of the parser leaves the handler, and when the limit of the payload or the body is one byte off.
"""

import pytest

from tests.hostile.reference import BODY_MAX_BYTES
from tests.hostile.requests import signal_body, signed
from tests.hostile.trial import check_outcome
from tests.running.fleet import Running
from tests.speaking.payloads import nested, payload_of

OBJECT = signal_body()


def inside(text: str | bytes) -> bytes:
    """A signal with a value in its payload."""
    return signal_body(payload='{"a":@}').replace(b"@", text.encode() if isinstance(text, str) else text)


ACCEPTED = {
    "7 an escaped backslash before u0000": inside(r'"\\u0000"'),
    "8 the same key in two objects": inside('{"a":{"a":1}}'),
    "9 nested 128 levels deep": signal_body(payload=nested(127)),
    "10 an integer beyond 64 bits": inside("123456789012345678901234567890"),
    "11 a decimal of 30 digits": inside("0.123456789012345678901234567890"),
    "11 trailing zeros": inside("[1950.50, 1.10, -0.0, 0e5, 1e2, 1E-7]"),
    "13 a body of the most bytes": OBJECT.ljust(BODY_MAX_BYTES),
    "14 a payload below the limit": signal_body(payload=payload_of(32767)),
    "14 a payload at the limit": signal_body(payload=payload_of(32768, "emoji")),
    "14 a payload at the limit, escaped": signal_body(payload=payload_of(32768, "escaped text")),
    "15 white space behind": OBJECT + b" \r\n\t",
    "16 side -0, which is 0": signal_body(side="-0"),
    "17 instrument ..": signal_body(instrument='".."'),
    "17 instrument --": signal_body(instrument='"--"'),
    "20 nanoseconds, cut off": signal_body(time='"2026-01-31T12:00:00.123456789Z"'),
    "21 payload null": signal_body(payload="null"),
    "22 the largest version": signal_body(version="2147483647"),
    "23 what belongs to the service": signal_body(
        id='"1"', created_at="1", status="2", producer_id='"x"', __proto__="{}"
    ),
}

NOT_JSON = {
    "1 nothing": b"",
    "1 a space": b" ",
    "2 a brace too many": OBJECT + b"}",
    "2 a comma before the end": OBJECT[:-1] + b",}",
    "2 cut off": OBJECT[:-1],
    "2 a comment": OBJECT + b"// note",
    "2 a comment inside": b"{/**/" + OBJECT[1:],
    "2 single quotes": OBJECT.replace(b'"', b"'"),
    "4 a byte order mark": b"\xef\xbb\xbf" + OBJECT,
    "4 UTF-16": OBJECT.decode().encode("utf-16"),
    "4 UTF-16 without a mark": OBJECT.decode().encode("utf-16-be"),
    "4 UTF-32": OBJECT.decode().encode("utf-32"),
    "4 UTF-32 without a mark": OBJECT.decode().encode("utf-32-le"),
    "4 UTF-7": b"+AHsAfQ-",
    "4 Latin-1": inside(b'"\xe9"'),
    "4 an overlong slash": inside(b'"\xc0\xaf"'),
    "4 a surrogate in UTF-8": inside(b'"\xed\xa0\x80"'),
    "5 NaN": inside("NaN"),
    "5 Infinity": inside("Infinity"),
    "5 -Infinity": inside("-Infinity"),
    "5 NaN in an ignored field": signal_body(note="NaN"),
    "6 a lone surrogate": inside(r'"\ud800"'),
    "6 a lone surrogate in a key": inside(r'{"\udfff":1}'),
    "6 surrogates the wrong way round": inside(r'"\ude00\ud83d"'),
    "9 nested 1,000 levels deep": inside("[" * 1000 + "]" * 1000),
    "9 nested 20,000 levels deep": inside("[" * 20_000 + "]" * 20_000),
    "9 100,000 brackets": b"[" * 100_000,
    "15 garbage behind": OBJECT + b"x",
    "15 NUL behind": OBJECT + b"\x00",
    "15 another object behind": OBJECT + OBJECT,
}

TWICE = {
    "8 side twice": OBJECT[:-1] + b', "side": 0}',
    "8 side twice, with two values": OBJECT[:-1] + b', "side": 1}',
    "8 a key twice, spelled differently": inside(r'{"a":1,"\u0061":2}'),
    "8 a key twice, far inside": inside('[[[{"b":[{"a":1,"a":2}]}]]]'),
    "8 an ignored key twice": signal_body(note="1")[:-1] + b', "note": 1}',
}

TOO_LARGE = {
    "13 a body of a byte too many": ("body_too_large", OBJECT.ljust(BODY_MAX_BYTES + 1)),
    "13 a body of megabytes": ("body_too_large", OBJECT.ljust(5_000_000)),
    "14 a payload of a byte too many": ("payload_too_large", signal_body(payload=payload_of(32769))),
    "14 a payload of a byte too many, in Chinese": (
        "payload_too_large",
        signal_body(payload=payload_of(32769, "Chinese text")),
    ),
    "14 a payload of 32 KiB that would be stored as 1.7 MB": (
        "payload_too_large",
        inside("[" + "1e308," * 5400 + "1]"),
    ),
    "14 a payload of 32 KiB that would be stored as 58 MB": (
        "payload_too_large",
        inside("[" + "0e-16000," * 3600 + "1]"),
    ),
}

FAULTY = {
    "3 an array": b"[]",
    "3 null": b"null",
    "3 a number": b"1",
    "3 a string": b'"x"',
    "3 true": b"true",
    "3 an empty object": b"{}",
    "5 1e400": inside("1e400"),
    "5 -1e400, far inside": inside("[[{},-1e400]]"),
    "7 U+0000": inside(r'"\u0000"'),
    "7 U+0000 in a key": inside(r'{"\u0000":1}'),
    "7 U+0000 in an ignored field": signal_body(note=r'"\u0000"'),
    "7 U+0000 in an ignored key": signal_body(**{r"\u0000": "1"}),
    "10 an integer of 400 digits": inside("9" * 400),
    "10 an integer of 5,000 digits": inside("9" * 5000),
    "10 side beyond 64 bits": signal_body(side="18446744073709551616"),
    "10 side of 5,000 digits": signal_body(side="1" * 5000),
    "10 version of 5,000 digits": signal_body(version="1" * 5000),
    "12 a bomb for jsonb": inside("[" + "1e131071," * 3600 + "1]"),
    "12 the reciprocal of the bomb": inside("1e-131071"),
    "22 version 0": signal_body(version="0"),
    "22 version of 2**31": signal_body(version="2147483648"),
}

SIDES = ("true", "false", '"1"', "1.0", "1e0", "-0.0", "2", "-1", "null", "[0]", "{}", '""')
VERSIONS = ("-1", "true", '"1"', "1.0", "1e0", "null", "[]", "{}", "0.5")
PAYLOADS = ("[]", '"x"', "1", "true", "false", '""', "0", "1.5")
INSTRUMENTS = (
    "XAUUSD\\n", "XAU\\u0000", "xauusd", "\u0425AUUSD", "\uff38\uff21\uff35", "XAU\u200bUSD", "A", "A" * 21, "../X",
    "A B", "", "É1", "XAUUSD\\r\\n", "'; DROP TABLE signals; --", "A" * 100_000, "🚀🚀", "AB\\\\", "AB/CD", "A+B",
    "A,B", "A:B", "A\\tB", " AB", "AB ",
)  # fmt: skip
TIMES = (
    "1735689600", '"1735689600"', '"-1"', "true", "null", "[]", "1e9", '""', '"now"', '"2026-01-31T12:00:00"',
    '"2026-01-31"', '"2026-01-31_12:00:00Z"', '"2026-01-31 12:00:00Z"', '"2026-01-31T12:00:00,5Z"',
    '"2026-01-31T12:00:60Z"', '"2026-01-31T24:00:00Z"', '"2025-02-29T00:00:00Z"', '"2026-01-31T12:00:00+24:00"',
    '"2026-01-31T12:00:00+00"', '"2026-W05-6T12:00:00Z"', '"2026-031T12:00:00Z"', '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999Z"',
    '"1899-12-31T23:59:59.999999Z"', '"2201-01-01T00:00:00Z"', '"2200-12-31T23:59:59-00:01"',
    '"1900-01-01T00:00:00+00:01"', '"2026-01-31T12:00:00.1234567890Z"', '"2026-01-31T12:00:00.Z"',
    '"2026-01-31T12:00:00z"', '"2026-01-31t12:00:00Z"', '"2026-01-31T12:00:00+0530"',
    '"2026-01-31T12:00:00+05:30:15"', '"2026-01-31T12:00:00Z\\n"', '" 2026-01-31T12:00:00Z"',
    '"+002026-01-31T12:00:00Z"', '"２０２６-01-31T12:00:00Z"', '"2026-01-31T12:00:00\u2212"', '"2026-13-01T00:00:00Z"',
    '"2026-1-31T12:00:00Z"',
)  # fmt: skip
FIELDS = {
    "side": SIDES,
    "version": VERSIONS,
    "payload": PAYLOADS,
    "time": TIMES,
    "instrument": [f'"{i}"' for i in INSTRUMENTS],
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_is_unusual_but_right_is_stored(running: Running, body: bytes) -> None:
    check_outcome(running, signed(body), None)


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_refused(running: Running, body: bytes) -> None:
    check_outcome(running, signed(body), "invalid_json")


@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE.keys())
def test_a_key_given_twice_is_refused(running: Running, body: bytes) -> None:
    check_outcome(running, signed(body), "duplicate_key")


@pytest.mark.parametrize(("code", "body"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
@pytest.mark.parametrize("declared", [True, False])
def test_what_is_too_large_is_refused(running: Running, code: str, body: bytes, declared: bool) -> None:
    check_outcome(running, signed(body, length_declared=declared), code)


@pytest.mark.parametrize("body", FAULTY.values(), ids=FAULTY.keys())
def test_what_is_json_but_no_signal_is_refused(running: Running, body: bytes) -> None:
    check_outcome(running, signed(body), "validation_failed")


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_with_a_fault_is_refused(running: Running, field: str) -> None:
    """Each text by itself, and what it says about no field but this one."""
    for text in FIELDS[field]:
        answer = check_outcome(running, signed(signal_body(**{field: text})), "validation_failed")
        assert {tuple(fault["loc"]) for fault in answer.json()["detail"]} == {("body", field)}
