"""The search for what is confidential finds it, wherever it stands and however it is written."""

import hmac
import json
from base64 import b64encode
from secrets import token_bytes, token_urlsafe

import pytest

from tests.running import confidential

SECRET = token_urlsafe(32).encode()
VALUE = token_urlsafe(16)
BODY = json.dumps(
    {
        "instrument": "XAUUSD",
        "payload": {"levels": [1.5, {"note": VALUE}], "long": 70368744177664123, "count": 1234567890123},
    }
).encode()
HEADERS = {
    "X-Producer-Id": b"my-bot",
    "X-Timestamp": b"2026-01-31T12:00:00Z",
    "X-Signature": b64encode(token_bytes(32)),
}
EXPECTED = hmac.digest(SECRET, BODY + HEADERS["X-Timestamp"] + HEADERS["X-Producer-Id"], "sha256")

TOLD = {
    "the secret": SECRET,
    "the signature": HEADERS["X-Signature"],
    "the beginning of the signature": HEADERS["X-Signature"][:12],
    "the expected MAC": b64encode(EXPECTED),
    "the expected MAC in hexadecimal": EXPECTED.hex().encode(),
    "a text in the payload": VALUE.encode(),
    "a number in the payload": b"70368744177664123",
    "the MAC of somebody else": b64encode(token_bytes(32)),
    "the MAC of somebody else in hexadecimal": token_bytes(32).hex().encode(),
}


@pytest.fixture(autouse=True)
def _noted() -> None:
    confidential.note_secret(SECRET)
    confidential.note_request(HEADERS, BODY)


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD.keys())
def test_what_is_confidential_is_found(told: bytes) -> None:
    with pytest.raises(AssertionError, match=r"^a line tells what"):
        confidential.check_text(b'{"message":"Signal refused","x":"' + told + b'"}', "a line")
    with pytest.raises(AssertionError, match=r"^a refusal tells what"):
        confidential.check_refusal(401, told)


def test_what_may_be_told_is_not() -> None:
    line = {"timestamp": "2026-01-31T12:00:00.123456Z", "instrument": "12345678901234567890", "producer_id": "a" * 64}
    confidential.check_text(json.dumps(line).encode(), "a line")
    confidential.check_refusal(401, b'{"body_sha256":"' + token_bytes(32).hex().encode() + b'"}')
    confidential.check_refusal(200, b64encode(token_bytes(32)))
