"""What is said of a body that is no signal."""

from service.http.errors import InvalidJson, PayloadTooLarge, ValidationFailed


def test_a_refusal_has_its_sentence_unless_it_is_given_another() -> None:
    assert InvalidJson().detail == InvalidJson.sentence
    assert InvalidJson("Line 1 is not JSON").detail == "Line 1 is not JSON"
    assert InvalidJson().fields == []


def test_a_payload_that_is_too_large_is_told_the_limit() -> None:
    refusal = PayloadTooLarge(32768)
    assert refusal.detail == "The payload is larger than 32768 bytes"
    assert refusal.fields == ["payload"]


def test_the_fields_at_fault_are_named_once_each_in_order() -> None:
    refusal = ValidationFailed(
        [
            {"loc": ["body", "side"], "msg": "one", "type": "int_type"},
            {"loc": ["body", "payload"], "msg": "two", "type": "dict_type"},
            {"loc": ["body", "side"], "msg": "three", "type": "value_error"},
        ]
    )
    assert refusal.fields == ["side", "payload"]
    assert isinstance(refusal.detail, list)
    assert [fault["msg"] for fault in refusal.detail] == ["one", "two", "three"]
