"""What is said about a field that is not as it should be: for people who know neither Python nor patterns."""

import json

import pytest

from service.http.errors import ValidationFailed
from service.intake.signal import parse_signal

SIGNAL = {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}

CHARACTERS = "Input should be a string of 2 to 20 characters: A-Z, 0-9, dot, underscore or hyphen"
SIDES = "Input should be the number 0 for buy or 1 for sell"
OBJECT = "Input should be a JSON object, or null"
VERSIONS = "Input should be a whole number from 1 to 2147483647"


@pytest.mark.parametrize(
    ("field", "value", "said", "kind"),
    [
        ("instrument", "eurusd", CHARACTERS, "string_pattern_mismatch"),
        ("instrument", "X", CHARACTERS, "string_pattern_mismatch"),
        ("instrument", None, CHARACTERS, "string_type"),
        ("side", "buy", SIDES, "int_type"),
        ("side", "0", SIDES, "int_type"),
        ("side", None, SIDES, "int_type"),
        ("side", 1.5, SIDES, "int_type"),
        ("side", True, SIDES, "int_type"),
        ("side", -1, SIDES, "greater_than_equal"),
        ("side", 2, SIDES, "less_than_equal"),
        ("payload", [], OBJECT, "dict_type"),
        ("version", "1", VERSIONS, "int_type"),
        ("version", 0, VERSIONS, "greater_than_equal"),
        ("version", 2**31, VERSIONS, "less_than_equal"),
    ],
)
def test_a_field_hears_what_it_should_be(field: str, value: object, said: str, kind: str) -> None:
    """Beside pydantic's type, by which programs tell faults apart."""
    with pytest.raises(ValidationFailed) as refused:
        parse_signal(json.dumps(SIGNAL | {field: value}).encode(), 1000)
    assert refused.value.faults == [{"loc": ["body", field], "msg": said, "type": kind}]


@pytest.mark.parametrize("field", SIGNAL)
def test_a_field_that_is_not_there_is_said_to_be_missing(field: str) -> None:
    body = {name: value for name, value in SIGNAL.items() if name != field}
    with pytest.raises(ValidationFailed) as refused:
        parse_signal(json.dumps(body).encode(), 1000)
    assert refused.value.faults == [{"loc": ["body", field], "msg": "Field required", "type": "missing"}]
