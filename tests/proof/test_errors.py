"""What is said of a sender who is not proven."""

from service.kernel.errors import all_refusals
from service.proof.errors import AuthenticationRefusal, HeaderMissing


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


def test_missing_headers_are_named() -> None:
    refusal = HeaderMissing(["X-Timestamp", "X-Signature"])
    assert refusal.detail == "Missing header: X-Timestamp, X-Signature"
    assert refusal.fields == ["X-Timestamp", "X-Signature"]
