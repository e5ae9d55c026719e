"""The published OpenAPI 3.1 document, built from the schemas, the refusals and their explanations.

It describes a service with signing on. With signing off the three signing headers are ignored and the rest is the same.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from service import __version__
from service.batch.errors import BatchRefused, NotStored
from service.http.errors import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    RequestTimeout,
    ShuttingDown,
)
from service.intake.errors import PayloadTooLarge, ValidationFailed
from service.kernel.errors import InternalError, Refusal, all_refusals
from service.manual import specimens
from service.manual.explanations import explanations
from service.manual.headers import ANSWER_HEADERS, IDEMPOTENCY_KEY, REQUEST_ID, SIGNING_HEADERS
from service.manual.schemas import schemas
from service.proof.errors import ProofRefusal, SignatureMismatch
from service.rates.errors import RateLimited
from service.rates.fields import LIMIT, POLICY
from service.receipts.errors import DuplicateSignal

Json = dict[str, Any]

_ANYWHERE: list[type[Refusal]] = [
    MalformedRequest,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    BodyTooLarge,
    HeadersTooLarge,
    InternalError,
    Overloaded,
    ShuttingDown,
]
"""What may come back whatever was asked for."""

_PROVEN = ("200", "201", "207", "400", "409", "413", "422", "429", "500", "503")
"""Answers to signals that may come after its sender was proven, and then tell of its rate."""


_REQUEST_HEADERS = {**SIGNING_HEADERS, "Idempotency-Key": IDEMPOTENCY_KEY, "X-Request-Id": REQUEST_ID}


@cache
def document_text() -> str:
    """The document as it is served, printed, and kept in docs/openapi.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Json:
    """The OpenAPI document of this version of the service: the same wherever and whenever it is built."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Signals",
            "version": __version__,
            "summary": "Takes trading signals, proves who sent them, and stores them for good before it answers.",
            "description": Path(__file__).with_name("openapi.md").read_text("utf-8"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This service"}],
        "tags": [
            {"name": "signals", "description": "For producers"},
            {"name": "service", "description": "For those who run the service; none of it needs a signature"},
            {"name": "documentation", "description": "What you are reading"},
        ],
        "paths": _paths(),
        "components": {
            "schemas": schemas(),
            "responses": {f"Refused{status}": answer for status, answer in _refusals(_ANYWHERE).items()},
            "headers": ANSWER_HEADERS,
            "parameters": {name: {"name": name, "in": "header", **header} for name, header in _REQUEST_HEADERS.items()},
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name, "description": header["description"]}
                for name, header in SIGNING_HEADERS.items()
            },
        },
    }


def _paths() -> Json:
    document, figures, page = _json({"type": "object"}), _text("text/plain"), _text("text/html")
    return {
        "/api/v1/signals": {"post": _create_signal()},
        "/api/v1/signals/batch": {"post": _create_batch()},
        "/api/v1/health": {"get": _get("getHealth", "Is the process alive?", "service", _answer("Health"))},
        "/api/v1/ready": {"get": _readiness()},
        "/api/v1/version": {"get": _get("getVersion", "Which build is this?", "service", _answer("Version"))},
        "/metrics": {"get": _get("getMetrics", "Figures for Prometheus", "service", figures)},
        "/openapi.json": {"get": _get("getDocument", "This document", "documentation", document)},
        "/docs": {"get": _get("getDocs", "This document, to be read", "documentation", page)},
        "/docs/errors": {"get": _get("getErrors", "Every code explained", "documentation", page)},
    }


def _create_signal() -> Json:
    created = _answer("SignalCreated", "Stored: the commit is on disk", ["Idempotent-Replayed"])
    created["content"]["application/json"]["example"] = specimens.CREATED
    found = _answer(
        "SignalFound",
        "Sent before in another request, where the operator lets duplicates be returned",
        ["Duplicate-Of", "Idempotent-Replayed"],
    )
    found["content"]["application/json"]["example"] = specimens.FOUND
    return {
        "operationId": "createSignal",
        "summary": "Send a signal",
        "description": "With signing on, the same signed bytes are stored once and answered the same, however often "
        "they are sent.",
        "requestBody": _request_body("SignalCreate", specimens.SIGNALS),
        **_signed({"200": found, "201": created}, without={BatchRefused, NotStored}),
    }


def _create_batch() -> Json:
    stored = _answer("BatchStored", "All are stored: the commit is on disk", ["Idempotent-Replayed"])
    stored["content"]["application/json"]["example"] = specimens.STORED_BATCH
    in_part = _answer("BatchStored", "Some are stored, and some are refused", ["Idempotent-Replayed"])
    in_part["content"]["application/json"]["example"] = specimens.STORED_IN_PART
    return {
        "operationId": "createSignals",
        "summary": "Send many signals",
        "description": "All that are good share one transaction, and each is answered as it would be alone. The same "
        "signed bytes are stored once.",
        "requestBody": _request_body("BatchCreate", {"two signals": {"value": specimens.BATCH}}),
        **_signed({"201": stored, "207": in_part}, without={DuplicateSignal, NotStored, PayloadTooLarge}),
    }


def _request_body(schema: str, examples: Json) -> Json:
    content = {"application/json": {"schema": _ref("schemas", schema), "examples": examples}}
    return {"required": True, "content": content}


def _signed(stored: Json, without: set[type[Refusal]]) -> Json:
    """What both ways of sending signals have."""
    answers = {**stored, **_refusals(refusal for refusal in all_refusals() if refusal not in without)}
    for status in answers.keys() & set(_PROVEN):
        answers[status]["headers"] |= {name: _ref("headers", name) for name in (POLICY, LIMIT)}
    return {
        "tags": ["signals"],
        "security": [{name: [] for name in SIGNING_HEADERS}],
        "parameters": [_ref("parameters", name) for name in _REQUEST_HEADERS],
        "responses": answers,
    }


def _readiness() -> Json:
    operation = _get("getReadiness", "Would a signal be stored now?", "service", _answer("Readiness", "It would"))
    either = {"oneOf": [_ref("schemas", "Readiness"), _shape([Overloaded, ShuttingDown])]}
    operation["responses"]["503"] = _json(either, "It would not, or there was no asking", ["Retry-After"])
    return operation


def _get(operation_id: str, summary: str, tag: str, answer: Json) -> Json:
    refusals = {str(refusal.status): _ref("responses", f"Refused{refusal.status}") for refusal in _ANYWHERE}
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": [tag],
        "security": [],
        "parameters": [_ref("parameters", "X-Request-Id")],
        "responses": {"200": answer, **refusals},
    }


def _answer(schema: str, description: str = "The answer", headers: Iterable[str] = ()) -> Json:
    return _json(_ref("schemas", schema), description, headers)


def _json(schema: Json, description: str = "The answer", headers: Iterable[str] = ()) -> Json:
    return {
        "description": description,
        "headers": {name: _ref("headers", name) for name in ["X-Request-Id", *headers]},
        "content": {"application/json": {"schema": schema}},
    }


def _text(media_type: str) -> Json:
    return _json({}) | {"content": {media_type: {"schema": {"type": "string"}}}}


def _refusals(refusals: Iterable[type[Refusal]]) -> Json:
    """The answers that refuse, by status."""
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    return {str(status): _refused(status, by_status[status]) for status in sorted(by_status)}


_OWED = {MethodNotAllowed.status: ["Allow"], DuplicateSignal.status: ["Duplicate-Of"]}
"""The headers that are different in each answer."""


def _refused(status: int, refusals: list[type[Refusal]]) -> Json:
    headers = ["Link", *_OWED.get(status, ()), *refusals[0].headers]
    lines = [f"- `{refusal.code}`: {explanations()[refusal].cause}" for refusal in refusals]
    answer = _json(_shape(refusals), "\n".join(lines), headers)
    answer["content"]["application/json"]["examples"] = {
        refusal.code: specimens.refused(refusal) for refusal in refusals
    }
    return answer


def _shape(refusals: Iterable[type[Refusal]]) -> Json:
    """The schema of these refusals: which codes there are, and what is told beside each."""
    codes: dict[str, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(_shape_name(refusal), []).append(refusal.code)
    schemas = [{"allOf": [_ref("schemas", name), {"properties": {"code": {"enum": codes[name]}}}]} for name in codes]
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


_SHAPES = {ValidationFailed: "RefusedFields", BatchRefused: "RefusedBatch", RateLimited: "RefusedRate"}


def _shape_name(refusal: type[Refusal]) -> str:
    if issubclass(refusal, SignatureMismatch):
        return "RefusedSignature"
    if issubclass(refusal, ProofRefusal):
        return "RefusedProof"
    return _SHAPES.get(refusal, "Refused")


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
