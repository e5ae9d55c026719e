"""Strict JSON: what is read, what is refused, and what is JSON but could not be stored."""

import json
from decimal import Decimal
from time import perf_counter
from typing import Any

import jiter
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http import strict_json
from service.http.errors import DuplicateKey, InvalidJson
from service.kernel.errors import Refusal

STORABLE_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
STORABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(STORABLE_TEXT, inner),
    max_leaves=20,
)


def exact(value: Any) -> Any:
    """The value with every number as a Decimal, so that comparing sees each digit."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {key: exact(member) for key, member in value.items()}
    if isinstance(value, list):
        return [exact(member) for member in value]
    return Decimal(str(value))


def unstorable(body: bytes) -> dict[str, str]:
    """Why members of an object cannot be stored, as the service asks."""
    suspicious = strict_json.is_suspicious(body)
    value = strict_json.parse(body, exact=suspicious)
    return strict_json.unstorable_values(value) if suspicious else {}


@given(STORABLE)
def test_where_digits_are_of_no_interest_numbers_have_the_same_value(value: Any) -> None:
    body = json.dumps(value).encode()
    assert strict_json.parse(body, exact=False) == json.loads(body)


@given(STORABLE, st.booleans())
def test_what_another_library_writes_is_read_back_exactly(value: Any, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert exact(strict_json.parse(body)) == exact(json.loads(body, parse_float=Decimal))


SPACE = st.text(" \t\r\n", max_size=3)
KEYS = st.sampled_from(["instrument", "Payload", "payload ", "pay\\\\load", "", "é"])
MEMBERS = st.dictionaries(KEYS, STORABLE | st.just({"payload": {"payload": 1}}), max_size=4)


@given(STORABLE, MEMBERS, MEMBERS, SPACE, st.sampled_from(['"payload"', r'"pay\u006coad"', r'"\u0070ayload"']))
def test_the_payload_is_cut_out_as_it_is_written(
    value: Any, before: Any, behind: Any, space: str, written_key: str
) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=len(space) or None)
    lines = [json.dumps(before)[1:-1], f"{space}{written_key}{space}:{space}{text}{space}", json.dumps(behind)[1:-1]]
    body = ("{" + ",".join(filter(None, lines)) + "}").encode()
    assert strict_json.payload(body) == text.encode()


@pytest.mark.parametrize(
    "text", ['{"a":1950.50}', '{"a":1e2,"b":-0.0}', '{ "a" : "\\u00e9\\/" }', '{"a":' + "[" * 190 + "]" * 190 + "}"]
)
def test_no_digit_and_no_escape_of_a_payload_is_written_anew(text: str) -> None:
    body = f'{{"x":0.10,"payload":{text},"y":[{{"payload":2}}]}}'.encode()
    assert strict_json.payload(body) == text.encode()


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_refusals(body: bytes) -> None:
    try:
        strict_json.parse(body)
    except Refusal as refusal:
        assert refusal.code in {"invalid_json", "duplicate_key"}  # noqa: PT017


@pytest.mark.parametrize("digits", ["1950.50", "0.1234567890123456789012345", "1.10", "-0.0", "1e2", "12E-3"])
def test_a_number_with_a_fraction_keeps_its_digits(digits: str) -> None:
    value = strict_json.parse(digits.encode())
    assert isinstance(value, jiter.LosslessFloat)
    assert str(value) == digits


def test_a_whole_number_keeps_its_digits() -> None:
    assert strict_json.parse(b"123456789012345678901234567890") == 123456789012345678901234567890


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="only a space"),
        pytest.param(b'{"a":1', id="cut off"),
        pytest.param(b'{"a":1,}', id="comma before the end"),
        pytest.param(b"[1,]", id="comma before the end of an array"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"{a:1}", id="key without quotes"),
        pytest.param(b'{"a":1} {"b":2}', id="two values"),
        pytest.param(b'{"a":1}\x00', id="something behind"),
        pytest.param(b'{"a":1} // note', id="comment"),
        pytest.param(b"[" + b"9" * 5000 + b",]", id="comma before the end, behind a number that Python does not read"),
        pytest.param(b'{"a":NaN}', id="NaN"),
        pytest.param(b'{"a":Infinity}', id="Infinity"),
        pytest.param(b'{"a":-Infinity}', id="negative Infinity"),
        pytest.param(b'{"a":01}', id="leading zero"),
        pytest.param(b'{"a":+1}', id="plus sign"),
        pytest.param(b'{"a":.5}', id="no digit before the point"),
        pytest.param(b'{"a":5.}', id="no digit after the point"),
        pytest.param(b'{"a":0x10}', id="hexadecimal"),
        pytest.param(b'{"a":True}', id="Python"),
        pytest.param(b'{"a":"\n"}', id="line end in a string"),
        pytest.param(b'{"a":"\x00"}', id="raw U+0000"),
        pytest.param(b'{"a":"\\x41"}', id="unknown escape"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param('{"a":1}'.encode("utf-16"), id="UTF-16"),
        pytest.param('{"a":"é"}'.encode("latin-1"), id="Latin-1"),
        pytest.param(b'{"a":"\xc0\xaf"}', id="overlong UTF-8"),
        pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', id="lone high surrogate"),
        pytest.param(b'{"a":"\\udc00"}', id="lone low surrogate"),
        pytest.param(b'{"\\ud800":1}', id="lone surrogate in a key"),
        pytest.param(b'{"a":"\\ude00\\ud83d"}', id="surrogates the wrong way round"),
        pytest.param(b"[" * 20_000, id="nested without end"),
        pytest.param(b'{"a":' * 20_000 + b"1" + b"}" * 20_000, id="objects nested too deep"),
    ],
)
def test_what_is_not_json_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(InvalidJson) as refused:
        strict_json.parse(body)
    assert isinstance(refused.value.detail, str)
    assert refused.value.detail.startswith("The body is not valid JSON")
    assert len(refused.value.detail) < 80


def test_the_place_of_the_fault_is_told() -> None:
    with pytest.raises(InvalidJson) as refused:
        strict_json.parse(b'{"a": 1,\n "b": nothing}')
    assert refused.value.detail == "The body is not valid JSON: see line 2 column 8"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"b":2,"a":3}',
        b'{"a":1,"\\u0061":2}',
        b'{"p":{"a":1,"a":2}}',
        b'[[{"a":1,"a":2}]]',
        b'{"":1,"":2}',
        b'{"a":' + b"9" * 5000 + b',"a":1}',
    ],
)
def test_a_key_given_twice_is_refused_at_any_depth(body: bytes) -> None:
    with pytest.raises(DuplicateKey) as refused:
        strict_json.parse(body)
    assert refused.value.detail == DuplicateKey.sentence


def test_the_same_key_in_two_objects_is_no_duplicate() -> None:
    assert strict_json.parse(b'{"a":{"a":1},"b":{"a":1}}') == {"a": {"a": 1}, "b": {"a": 1}}


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_128_levels_are_accepted(opening: bytes, closing: bytes) -> None:
    value = strict_json.parse(opening * 128 + b"0" + closing * 128)
    for _ in range(128):
        value = value[0] if isinstance(value, list) else value["a"]
    assert value == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"\\u0000"', id="U+0000"),
        pytest.param('"a\\u0000b"', id="U+0000 inside"),
        pytest.param('{"\\u0000":1}', id="U+0000 in a key"),
        pytest.param('[[[{"a":["\\u0000"]}]]]', id="U+0000 deep down"),
        pytest.param("1e309", id="just above the largest double"),
        pytest.param("1e400", id="infinite"),
        pytest.param("-1E+400", id="infinite, otherwise written"),
        pytest.param("1e131071", id="megabytes in jsonb"),
        pytest.param("1e-131071", id="megabytes in jsonb, small"),
        pytest.param("1e-400", id="zero as a double"),
        pytest.param("[0,{},-1e-99999]", id="zero as a double, deep down"),
        pytest.param("1e999999999999999999999", id="an exponent beyond any library"),
        pytest.param("1e" + "9" * 5000, id="an exponent of 5,000 digits"),
        pytest.param("9" * 310, id="310 digits"),
        pytest.param("9" * 4300, id="as many digits as Python reads"),
        pytest.param("9" * 4301, id="more digits than Python reads"),
        pytest.param("-" + "9" * 5000, id="more digits, negative"),
        pytest.param("[" + "9" * 5000 + ",1," + "9" * 5000 + "]", id="more digits, twice"),
        pytest.param("9" * 5000 + ".5", id="more digits, with a fraction"),
        pytest.param("9" * 5000 + "e5", id="more digits, with an exponent"),
        pytest.param("0." + "0" * 400 + "1", id="zero as a double, written out"),
        pytest.param("0." + "1" * 16_384, id="more digits after the point than jsonb keeps"),
        pytest.param("0e131072", id="a zero that jsonb refuses"),
    ],
)
def test_what_cannot_be_stored_is_told_by_its_key(text: str) -> None:
    body = f'{{"good":1,"bad":{text}}}'.encode()
    reasons = unstorable(body)
    assert list(reasons) == ["bad"]
    assert reasons["bad"].startswith("Input must not contain ")


def test_a_key_that_cannot_be_stored_is_told_too() -> None:
    body = b'{"a\\u0000":1}'
    assert list(unstorable(body)) == ["a\x00"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('"\\\\u0000"', id="an escaped backslash before u0000"),
        pytest.param('"\\\\\\\\u0000"', id="two escaped backslashes before u0000"),
        pytest.param('"1e400"', id="digits in a string"),
        pytest.param(f'"{"9" * 5000}"', id="many digits in a string"),
        pytest.param("1.7976931348623157e308", id="the largest double"),
        pytest.param("5e-324", id="the smallest double"),
        pytest.param("1e-300", id="a small number"),
        pytest.param("9" * 308, id="308 digits"),
        pytest.param("0." + "1" * 16_383, id="as many digits after the point as jsonb keeps"),
        pytest.param("0e131071", id="zero with an exponent"),
        pytest.param("0e-16383", id="zero with a negative exponent"),
        pytest.param("-0.0", id="negative zero"),
        pytest.param("0." + "0" * 300, id="zero written out"),
        pytest.param("[true,false,null,1e22]", id="other values"),
    ],
)
def test_what_can_be_stored_has_no_reason(text: str) -> None:
    body = f'{{"good":{text}}}'.encode()
    assert unstorable(body) == {}


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ('[1,1.50,"1e9",true,null,{"1e9":{}}]', 0),
        ("1e22", 22),
        ("-1.5E+3", 3),
        ('{"a":[1e-5,{"b":2e5}],"c":0e-16383}', 16_393),
        ("1e" + "0" * 5000 + "7", 7),
    ],
    ids=["none", "one", "signs", "deep down", "an exponent with more digits than Python reads"],
)
def test_exponents_are_added_up(text: str, digits: int) -> None:
    assert strict_json.exponents(strict_json.parse(text.encode())) == digits


@given(STORABLE)
def test_ordinary_values_can_be_stored(value: Any) -> None:
    body = json.dumps({"value": value}).encode()
    reasons = unstorable(body)
    assert reasons == {}


def test_a_hostile_body_takes_no_longer_than_an_honest_one() -> None:
    """Each of these is as large as the service reads; a quadratic search would take minutes."""
    size = 200_000
    hostile = [b"[" * size, b'{"a":' + b"9" * size + b"}", b'{"a":[' + b"1e9," * (size // 4) + b"1]}"]
    hostile += [b"[" + (b"9" * 299 + b",") * (size // 300) + b"1]", b'{"a":"' + b"\\" * size + b'"}']
    started = perf_counter()
    for body in hostile:
        try:
            unstorable(body)
        except Refusal:
            continue
    assert perf_counter() - started < 5
