"""What every answer owes to its reader, whatever the scenario: the shapes of docs/acceptance.md."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.observing.published import check_published
from tests.speaking.exchange import BATCH, SIGNALS, Answer

STATUS_OF = {
    "malformed_request": 400,
    "cursor_invalid": 400,
    "invalid_json": 400,
    "duplicate_key": 400,
    "idempotency_key_invalid": 400,
    "producer_id_invalid": 400,
    "header_repeated": 400,
    "header_missing": 401,
    "timestamp_malformed": 401,
    "timestamp_outside_window": 401,
    "signature_malformed": 401,
    "signature_mismatch": 401,
    "token_missing": 401,
    "token_invalid": 401,
    "not_permitted": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "duplicate_signal": 409,
    "signal_expired": 409,
    "transition_refused": 409,
    "cursor_expired": 410,
    "state_changed": 412,
    "body_too_large": 413,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "validation_failed": 422,
    "idempotency_mismatch": 422,
    "batch_refused": 422,
    "not_stored": 422,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal_error": 500,
    "feed_unavailable": 503,
    "overloaded": 503,
    "shutting_down": 503,
    "too_many_streams": 503,
}

_HEADERS_EXPLAINED = {"server_time", "skew_seconds", "hint"}
EXPLAINED = {
    "timestamp_malformed": _HEADERS_EXPLAINED,
    "timestamp_outside_window": _HEADERS_EXPLAINED,
    "signature_malformed": _HEADERS_EXPLAINED,
    "signature_mismatch": _HEADERS_EXPLAINED | {"body_bytes", "body_sha256"},
    "rate_limited": {"at_once"},
    "batch_refused": {"results"},
    "cursor_expired": {"oldest", "newest"},
}
"""What may be told beside these codes. Nothing is told beside any other."""

OF_A_BATCH = {"signals", "atomic"}
FIELDS = {"instrument", "side", "time", "payload", "version", "expires_at", "status", "reason"}

_OWED_HEADER = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)")


def check_created(answer: Answer) -> None:
    """The answer says that a signal is stored, and says nothing else."""
    assert answer.status == 201
    check_json(answer)
    check_published(answer)
    content = answer.json()
    assert content.keys() == {"id", "status", "created_at"}
    assert str(UUID(content["id"])) == content["id"]
    assert content["status"] == 0
    utc_time(content["created_at"])


def check_item(result: dict[str, Any], code: str) -> None:
    """What is told of an item of a batch is that it is refused so."""
    assert result.keys() - {"duplicate_of"} == {"status", "code", "detail"}
    assert (result["status"], result["code"]) == (STATUS_OF[code], code)


def check_refusal(answer: Answer, code: str, path: str = SIGNALS) -> None:
    """The answer is the refusal with this code, in the one shape that all refusals have."""
    assert answer.status == STATUS_OF[code]
    check_json(answer)
    check_published(answer, BATCH if code == "batch_refused" or "at_once" in answer.json() else path)
    content = answer.json()
    explanation = content.keys() - {"code", "detail", "request_id"}
    assert explanation <= EXPLAINED.get(code, set())
    assert content["code"] == code
    assert content["request_id"] == answer.request_id
    if code == "validation_failed":
        _check_faults(content["detail"])
    else:
        assert isinstance(content["detail"], str)
        assert len(content["detail"].split()) > 2, "the detail is a sentence"
    owed = "Duplicate-Of" if code == "duplicate_signal" else _OWED_HEADER.get(answer.status)
    assert owed is None or answer.headers.get(owed)


def _check_faults(detail: object) -> None:
    assert isinstance(detail, list)
    assert detail
    for fault in detail:
        assert fault.keys() == {"loc", "msg", "type"}
        assert fault["loc"][0] in {"body", "query"}
        assert len(fault["loc"]) <= 2
        assert fault["loc"][0] == "query" or set(fault["loc"][1:]) <= FIELDS | OF_A_BATCH
        assert fault["msg"]
        assert re.fullmatch(r"[a-z_]+", fault["type"])


def check_json(answer: Answer) -> None:
    """The answer is JSON, of the length that it declares, and names its request."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.request_id)


def fields_at_fault(answer: Answer) -> list[str]:
    """The fields that a 422 complains about, each once, sorted; "body" for the body as a whole."""
    return sorted({fault["loc"][-1] for fault in answer.json()["detail"]})


def utc_time(text: str) -> datetime:
    """The instant that `text` means; fails unless it is ISO 8601 and says that it is UTC."""
    assert _UTC_TIME.fullmatch(text), text
    instant = datetime.fromisoformat(text)
    assert instant.utcoffset() == timedelta(0)
    return instant.astimezone(UTC)
