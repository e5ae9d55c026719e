"""The refusals: their codes are a promise to producers."""

import re

import pytest

from service import errors
from service.intake.errors import InvalidJson, PayloadTooLarge, ValidationFailed
from service.kernel.errors import InternalError, Refusal, all_refusals
from service.proof.errors import AuthenticationRefusal, HeaderMissing
from tests.observing.contract import STATUS_OF


def test_every_code_has_its_promised_status() -> None:
    assert {refusal.code: refusal.status for refusal in all_refusals()} == STATUS_OF


def test_no_code_stands_for_two_refusals() -> None:
    codes = [refusal.code for refusal in all_refusals()]
    assert len(codes) == len(set(codes))


def test_the_drawing_of_the_tree_is_true() -> None:
    drawn = re.findall(r"─ (\w+) +(\d{3}) (\w+)$", str(errors.__doc__), re.MULTILINE)
    assert drawn == [(refusal.__name__, str(refusal.status), refusal.code) for refusal in all_refusals()]


@pytest.mark.parametrize("refusal", list(all_refusals()), ids=lambda refusal: refusal.code)
def test_the_headers_that_a_status_needs_are_there(refusal: type[Refusal]) -> None:
    assert ("WWW-Authenticate" in refusal.headers) == (refusal.status == 401)
    assert ("Retry-After" in refusal.headers) == (refusal.status == 503)


def test_the_audit_trail_knows_five_reasons() -> None:
    reasons = {refusal.code: refusal.reason for refusal in all_refusals() if issubclass(refusal, AuthenticationRefusal)}
    assert reasons == {
        "header_repeated": "malformed_header",
        "header_missing": "missing_header",
        "producer_id_invalid": "malformed_header",
        "timestamp_malformed": "malformed_header",
        "timestamp_outside_window": "clock_skew",
        "signature_malformed": "malformed_header",
        "signature_mismatch": "invalid_signature",
    }


def test_a_refusal_has_its_sentence_unless_it_is_given_another() -> None:
    assert InvalidJson().detail == InvalidJson.sentence
    assert InvalidJson("Line 1 is not JSON").detail == "Line 1 is not JSON"
    assert InvalidJson().fields == []


def test_an_internal_error_tells_nothing_of_the_inside() -> None:
    assert InternalError().detail == "Internal server error"


def test_missing_headers_are_named() -> None:
    refusal = HeaderMissing(["X-Timestamp", "X-Signature"])
    assert refusal.detail == "Missing header: X-Timestamp, X-Signature"
    assert refusal.fields == ["X-Timestamp", "X-Signature"]


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
