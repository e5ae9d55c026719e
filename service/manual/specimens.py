"""Examples for the published document: signals, the answer to one, and every refusal."""

import hashlib
from typing import Any
from uuid import UUID

from service.batch.errors import BatchRefused
from service.feed.errors import CursorExpired
from service.http.errors import PayloadTooLarge, ValidationFailed
from service.kernel.errors import FieldFault, Refusal
from service.proof.errors import HeaderMissing, ProofRefusal, SignatureMismatch, TimestampMalformed
from service.receipts.errors import DuplicateSignal

_ID = "01a20dc7-e667-7406-ab00-7167f832076d"
_BODY = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'

SIGNALS: dict[str, Any] = {
    "shortest": {"value": {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}},
    "with everything": {
        "value": {
            "instrument": "EURUSD_M15",
            "side": 1,
            "time": "2026-01-31T13:00:00.123456+01:00",
            "payload": {"strategy": "breakout", "stop_loss": 1.0865, "targets": [1.08, 1.0725]},
            "version": 2,
        }
    },
}

CREATED: dict[str, Any] = {"id": _ID, "status": 0, "created_at": "2026-01-31T12:00:01.207449Z"}

DECIDED: dict[str, Any] = {
    "event": "status",
    "signal_id": _ID,
    "instrument": "XAUUSD",
    "producer_id": "my-bot",
    "status": 2,
    "state_version": 1,
    "reason": "the market is closed",
    "at": "2026-01-31T12:00:05.104226Z",
    "by": "night-desk",
}
_OTHER_ID = "01a20dc7-e668-7b11-8e52-90a4d1c63f0e"
_FAULT: FieldFault = {
    "loc": ["body", "side"],
    "msg": "Input should be the number 0 for buy or 1 for sell",
    "type": "int_type",
}
_REFUSED_ITEM = {
    "status": 422,
    "code": "validation_failed",
    "detail": [{**_FAULT, "loc": ["body", "signals", 1, "side"]}],
}

BATCH: dict[str, Any] = {
    "signals": [{"instrument": "XAUUSD", "side": side, "time": "2026-01-31T12:00:00Z"} for side in (0, 1)]
}
STORED_BATCH: dict[str, Any] = {
    "results": [{"status": 201, "id": id, "created_at": "2026-01-31T12:00:01.207449Z"} for id in (_ID, _OTHER_ID)]
}
STORED_IN_PART: dict[str, Any] = {"results": [STORED_BATCH["results"][0], _REFUSED_ITEM]}
FOUND: dict[str, Any] = {**CREATED, "differs": True}

_OLDEST = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAZClWt"
_NEWEST = "AAAAAQAAAAEAAAAAAAADsjpPGRk9Y08konIGXNSUdvNHKPI9"

_DETAILED: dict[type[Refusal], Refusal] = {
    BatchRefused: BatchRefused([_REFUSED_ITEM]),
    CursorExpired: CursorExpired(_OLDEST, _NEWEST),
    DuplicateSignal: DuplicateSignal(UUID(_ID)),
    HeaderMissing: HeaderMissing(["X-Timestamp", "X-Signature"]),
    PayloadTooLarge: PayloadTooLarge(32768),
    ValidationFailed: ValidationFailed([_FAULT]),
}
"""Refusals that say more than their sentence."""


def refused(refusal: type[Refusal]) -> dict[str, Any]:
    """What is answered to a request that is refused so, named by its sentence."""
    specimen = _DETAILED.get(refusal) or refusal()
    body = {"code": refusal.code, "detail": specimen.detail, "request_id": _ID, **specimen.extra}
    return {
        "summary": refusal.sentence,
        "value": body | (_received(refusal) if issubclass(refusal, ProofRefusal) else {}),
    }


def _received(refusal: type[ProofRefusal]) -> dict[str, Any]:
    received: dict[str, Any] = {"server_time": "2026-01-31T13:00:01.250Z"}
    if refusal is not TimestampMalformed:
        received["skew_seconds"] = -3600
    if refusal is SignatureMismatch:
        received |= {"body_bytes": len(_BODY), "body_sha256": hashlib.sha256(_BODY).hexdigest()}
        received["hint"] = "X-Signature fits the body with one more line break: sign the bytes that you send"
    return received
