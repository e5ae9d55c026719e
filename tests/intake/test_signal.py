"""The schema: the rule of each field, all faults at once, and nothing of the sender echoed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.http.errors import PayloadTooLarge, ValidationFailed
from service.intake.signal import SignalCreate, SignalCreated, created, parse_signal
from service.kernel.errors import FieldFault, Refusal

LIMIT = 32768
VALID: dict[str, Any] = {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}
ABSENT = object()


def body_with(**changes: Any) -> bytes:
    """A valid body but for the given fields; ABSENT leaves one out."""
    fields = {name: value for name, value in (VALID | changes).items() if value is not ABSENT}
    return json.dumps(fields, ensure_ascii=False).encode()


def accept(**changes: Any) -> SignalCreate:
    return parse_signal(body_with(**changes), LIMIT)


def faults_of(body: bytes) -> list[FieldFault]:
    with pytest.raises(ValidationFailed) as refused:
        parse_signal(body, LIMIT)
    return refused.value.faults


def test_a_minimal_signal_has_its_defaults() -> None:
    signal = accept()
    assert signal.model_dump() == {
        "instrument": "XAUUSD",
        "side": 0,
        "time": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "payload": None,
        "version": 1,
        "expires_at": None,
    }


@pytest.mark.parametrize(
    "instrument",
    ["XY", "XAUUSD", "EURUSD_M15", "GOLD.SPOT", "BTC-USD", "A" * 20, "00", "..", "--", "__"],
)
def test_an_instrument_is_accepted(instrument: str) -> None:
    assert accept(instrument=instrument).instrument == instrument


@pytest.mark.parametrize(
    ("instrument", "kind"),
    [
        ("A", "string_pattern_mismatch"),
        ("", "string_pattern_mismatch"),
        ("xauusd", "string_pattern_mismatch"),
        ("XAUUSd", "string_pattern_mismatch"),
        ("XY****", "string_pattern_mismatch"),
        ("EUR USD", "string_pattern_mismatch"),
        ("EUR/USD", "string_pattern_mismatch"),
        ("A" * 21, "string_pattern_mismatch"),
        ("XAUUSD\n", "string_pattern_mismatch"),
        ("\nXAUUSD", "string_pattern_mismatch"),
        ("XAU\nUSD", "string_pattern_mismatch"),
        ("XAUUSD ", "string_pattern_mismatch"),
        ("XAUUSÐ", "string_pattern_mismatch"),
        ("ХAUUSD", "string_pattern_mismatch"),  # noqa: RUF001 -- a Cyrillic letter that looks Latin
        ("ＸＡＵ", "string_pattern_mismatch"),  # noqa: RUF001 -- full width
        ("XAU\u200bUSD", "string_pattern_mismatch"),
        ("١٢", "string_pattern_mismatch"),
        (12, "string_type"),
        (True, "string_type"),
        (None, "string_type"),
        (["XAUUSD"], "string_type"),
        ({"XAUUSD": 1}, "string_type"),
        (ABSENT, "missing"),
    ],
)
def test_another_instrument_is_refused(instrument: object, kind: str) -> None:
    [fault] = faults_of(body_with(instrument=instrument))
    assert (fault["loc"], fault["type"]) == (["body", "instrument"], kind)


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_is_accepted(side: int) -> None:
    assert accept(side=side).side == side


@pytest.mark.parametrize(
    ("side", "kind"),
    [
        (b"-1", "greater_than_equal"),
        (b"2", "less_than_equal"),
        (b"99999999999999999999999", "less_than_equal"),
        (b'"buy"', "int_type"),
        (b'"0"', "int_type"),
        (b"null", "int_type"),
        (b"true", "int_type"),
        (b"false", "int_type"),
        (b"1.0", "int_type"),
        (b"0.0", "int_type"),
        (b"1e0", "int_type"),
        (b"0.5", "int_type"),
        (b"[0]", "int_type"),
    ],
)
def test_another_side_is_refused(side: bytes, kind: str) -> None:
    body = b'{"instrument":"XAUUSD","side":%s,"time":"2026-01-31T12:00:00Z"}' % side
    [fault] = faults_of(body)
    assert (fault["loc"], fault["type"]) == (["body", "side"], kind)


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5+05:30", datetime(2026, 1, 31, 6, 30, 0, 500_000, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("1899-12-31T23:00:00-01:00", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2200-12-31T23:59:59.999999999Z", datetime(2200, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        ("2201-01-01T00:59:59+01:00", datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_kept_in_utc(time: str, moment: datetime) -> None:
    signal = accept(time=time)
    assert signal.time == moment
    assert signal.time.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("time", "kind"),
    [
        ("2026-01-31T12:00:00", "datetime_parsing"),
        ("2026-01-31", "datetime_parsing"),
        ("31.01.2026 12:00", "datetime_parsing"),
        ("1769860800", "datetime_parsing"),
        ("", "datetime_parsing"),
        ("2026-02-30T12:00:00Z", "datetime_parsing"),
        ("2026-01-31T12:00:60Z", "datetime_parsing"),
        ("2026-01-31T24:00:00Z", "datetime_parsing"),
        ("1899-12-31T23:59:59Z", "datetime_range"),
        ("1900-01-01T00:00:00+00:01", "datetime_range"),
        ("2201-01-01T00:00:00Z", "datetime_range"),
        ("2200-12-31T23:59:59-00:01", "datetime_range"),
        ("0001-01-01T00:00:00+14:00", "datetime_range"),
        ("9999-12-31T23:59:59-14:00", "datetime_range"),
        (1769860800, "string_type"),
        (1769860800.5, "string_type"),
        (None, "string_type"),
        (True, "string_type"),
        ([], "string_type"),
        (ABSENT, "missing"),
    ],
)
def test_another_time_is_refused(time: object, kind: str) -> None:
    [fault] = faults_of(body_with(time=time))
    assert (fault["loc"], fault["type"]) == (["body", "time"], kind)


@pytest.mark.parametrize("payload", [{}, {"a": {"b": [1, None]}}, {"": 1}, None, ABSENT])
def test_a_payload_is_an_object_or_nothing(payload: object) -> None:
    assert accept(payload=payload).payload == (None if payload is ABSENT else payload)


@pytest.mark.parametrize("payload", [[], [{}], "text", "", "{}", 1, 1.5, True, False])
def test_another_payload_is_refused(payload: object) -> None:
    [fault] = faults_of(body_with(payload=payload))
    assert (fault["loc"], fault["type"]) == (["body", "payload"], "dict_type")


@pytest.mark.parametrize("version", [1, 2, 2_147_483_647])
def test_a_version_is_accepted(version: int) -> None:
    assert accept(version=version).version == version


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        (0, "greater_than_equal"),
        (-1, "greater_than_equal"),
        (2_147_483_648, "less_than_equal"),
        (True, "int_type"),
        ("1", "int_type"),
        (1.0, "int_type"),
        (None, "int_type"),
    ],
)
def test_another_version_is_refused(version: object, kind: str) -> None:
    [fault] = faults_of(body_with(version=version))
    assert (fault["loc"], fault["type"]) == (["body", "version"], kind)


def test_unknown_fields_are_ignored() -> None:
    signal = accept(id="mine", status=2, created_at="never", **{"nested": {"payload": 1}, "__proto__": {}})
    assert signal == accept()
    assert not hasattr(signal, "status")


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(b'{"instrument":"x","side":true,"payload":[],"version":0,"note":"\\u0000"}')
    assert {(fault["loc"][-1], fault["type"]) for fault in faults} == {
        ("body", "value_error"),
        ("instrument", "string_pattern_mismatch"),
        ("side", "int_type"),
        ("time", "missing"),
        ("payload", "dict_type"),
        ("version", "greater_than_equal"),
    }


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b"1e999", b'"text"', b'"\\u0000"', b"true", b"[1e400]"])
def test_json_that_is_no_object_is_a_fault_of_the_body(body: bytes) -> None:
    [fault] = faults_of(body)
    assert fault["loc"] == ["body"]


@pytest.mark.parametrize("number", ["1e400", "1e-400", "9" * 5000])
@pytest.mark.parametrize("field", ["instrument", "side", "time", "version", "payload", "unknown"])
def test_a_number_beyond_a_double_is_refused_in_every_field(field: str, number: str) -> None:
    body = b'{"' + field.encode() + b'":' + (b'{"deep":[%s]}' if field == "payload" else b"%s") % number.encode() + b"}"
    loc = ["body"] if field == "unknown" else ["body", field]
    assert (loc, "value_error") in [(fault["loc"], fault["type"]) for fault in faults_of(body)]


@pytest.mark.parametrize(
    ("changes", "loc"),
    [
        ({"payload": {"a": {"b": "\x00"}}}, ["body", "payload"]),
        ({"payload": {"\x00": 1}}, ["body", "payload"]),
        ({"note": "\x00"}, ["body"]),
        ({"a\x00b": 1}, ["body"]),
        ({"note": {"deep": ["\x00"]}}, ["body"]),
    ],
)
def test_the_character_that_jsonb_cannot_hold_is_refused_anywhere(changes: dict[str, Any], loc: list[str]) -> None:
    [fault] = faults_of(body_with(**changes))
    assert (fault["loc"], fault["type"]) == (loc, "value_error")


def test_neither_values_nor_unknown_keys_are_echoed() -> None:
    canary = "CANARY-7f3a"
    told = json.dumps(
        [
            *faults_of(body_with(instrument=canary, side=canary, time=canary, payload=canary, version=canary)),
            *faults_of(body_with(**{canary: "\x00", "payload": {canary: "\x00"}})),
            *faults_of(json.dumps(canary).encode()),
            *faults_of(json.dumps([canary]).encode()),
        ]
    )
    assert canary not in told


def payload_of(size: int, filling: str = "a") -> dict[str, str]:
    """A payload of `size` bytes in compact UTF-8, filled up with ASCII where a character does not fit any more."""
    room = size - len('{"p":""}')
    width = len(filling.encode())
    return {"p": filling * (room // width) + "a" * (room % width)}


@pytest.mark.parametrize("filling", ["a", "é", "測", "😀"])
@pytest.mark.parametrize("escaped", [True, False])
def test_the_payload_is_measured_in_bytes_of_utf8(filling: str, escaped: bool) -> None:
    def parse(size: int) -> SignalCreate:
        fields = VALID | {"payload": payload_of(size, filling)}
        return parse_signal(json.dumps(fields, ensure_ascii=escaped, indent=4).encode(), LIMIT)

    assert parse(LIMIT).payload == payload_of(LIMIT, filling)
    with pytest.raises(PayloadTooLarge) as refused:
        parse(LIMIT + 1)
    assert refused.value.detail == "The payload is larger than 32768 bytes"


def test_numbers_are_measured_as_python_writes_them() -> None:
    """A long decimal counts as the shortest text of its double, a whole number with every digit."""
    numbers = [0.1234567890123456789, 1e22, 12345678901234567890123456789]
    limit = len(json.dumps({"n": numbers}, separators=(",", ":")))
    body = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"n":[%s]}}'
    written = body % b"0.1234567890123456789000000000000, 1E22, 12345678901234567890123456789"
    assert parse_signal(written, limit).payload is not None
    with pytest.raises(PayloadTooLarge):
        parse_signal(written, limit - 1)


@pytest.mark.parametrize("number", ["1e308", "-5E-0308", "1.5e+308", "0e-308"])
def test_a_payload_that_grows_with_its_exponents_is_refused(number: str) -> None:
    """They are written out when it is stored: a few bytes in, and three hundred out, each time that it is read."""

    def parse(count: int) -> SignalCreate:
        body = '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"n":[%s]}}'
        return parse_signal((body % ",".join([number] * count)).encode(), LIMIT)

    most = 6 * LIMIT // 308
    assert parse(most).payload is not None
    with pytest.raises(PayloadTooLarge) as refused:
        parse(most + 1)
    assert refused.value.detail == "The payload is larger than 196608 bytes with its exponents written out"


def test_exponents_in_strings_and_in_ignored_fields_do_not_count() -> None:
    body = '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"1e308":"1e308"},"n":[%s]}'
    assert parse_signal((body % ",".join(["1e308"] * 1000)).encode(), LIMIT).payload == {"1e308": "1e308"}


def test_an_ignored_field_does_not_count_as_payload() -> None:
    signal = parse_signal(body_with(payload={"a": 1}, note="n" * 1000), 7)
    assert signal.payload == {"a": 1}


def test_fields_come_before_the_size_of_the_payload() -> None:
    [fault] = faults_of(body_with(payload=payload_of(LIMIT + 1), side=2))
    assert fault["loc"] == ["body", "side"]


def test_a_deep_payload_can_be_measured() -> None:
    payload: dict[str, Any] = {}
    for _ in range(150):
        payload = {"p": payload}
    assert parse_signal(body_with(payload=payload, note="n" * LIMIT), LIMIT).payload == payload


@given(st.binary(max_size=300))
@example(b"[" * 100_000)
@example(b'{"side":' * 100_000)
@example(b'{"version":' + b"9" * 100_000 + b"}")
def test_arbitrary_bytes_raise_nothing_but_refusals(body: bytes) -> None:
    with pytest.raises(Refusal):
        parse_signal(body, LIMIT)


FIELD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner), max_leaves=4
)


@given(
    st.dictionaries(st.sampled_from(["instrument", "side", "time", "payload", "version", "id", "x\x00"]), FIELD_VALUES)
)
def test_arbitrary_fields_raise_nothing_but_refusals(fields: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        parse_signal(json.dumps(fields).encode(), LIMIT)
    if isinstance(refused.value, ValidationFailed):
        assert all(fault["loc"][0] == "body" and fault["msg"] and fault["type"] for fault in refused.value.faults)
        assert all(len(fault["loc"]) <= 2 for fault in refused.value.faults)


@given(st.uuids(), st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
@example(UUID(int=7), datetime(2026, 1, 31, 12, tzinfo=UTC))
@example(UUID(int=7), datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC))
def test_the_answer_is_written_as_its_model_would_write_it(id: UUID, created_at: datetime) -> None:
    model = SignalCreated(id=id, status=0, created_at=created_at)
    assert created(id, created_at).decode() == model.model_dump_json()
