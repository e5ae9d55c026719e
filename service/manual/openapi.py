"""The published OpenAPI 3.1 document, built from the schemas, the refusals and their explanations.

It describes a service with signing on. With signing off the three signing headers are ignored and the rest is the same.
"""

import json
from functools import cache
from pathlib import Path

from service import __version__
from service.batch.errors import BatchRefused, NotStored
from service.feed.errors import ReadingRefusal
from service.http.errors import Overloaded, PayloadTooLarge, ShuttingDown
from service.kernel.errors import Refusal, all_refusals
from service.lifecycle.errors import DecisionRefusal
from service.manual import specimens
from service.manual.answers import ANYWHERE, Json, answer, get, json_answer, ref, refused_answers, shape, text_answer
from service.manual.deciding import deciding_paths
from service.manual.headers import ANSWER_HEADERS, IDEMPOTENCY_KEY, REQUEST_ID, SIGNING_HEADERS
from service.manual.reading import reading_paths
from service.manual.schemas import schemas
from service.rates.fields import LIMIT, POLICY
from service.readers.errors import TokenRefusal
from service.receipts.errors import DuplicateSignal

_OF_OTHERS = TokenRefusal | ReadingRefusal | DecisionRefusal

_OF_SIGNALS = [refusal for refusal in all_refusals() if not issubclass(refusal, _OF_OTHERS)]
"""What may come back to a signal."""

_PROVEN = {"200", "201", "207", "400", "409", "413", "422", "429", "500", "503"}
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
            {"name": "reading", "description": "For readers"},
            {"name": "deciding", "description": "For those who say what becomes of signals"},
            {"name": "service", "description": "For those who run the service; none of it needs a signature"},
            {"name": "documentation", "description": "What you are reading"},
        ],
        "paths": _paths(),
        "components": {
            "schemas": schemas(),
            "responses": {f"Refused{status}": answer for status, answer in refused_answers(ANYWHERE).items()},
            "headers": ANSWER_HEADERS,
            "parameters": {name: {"name": name, "in": "header", **header} for name, header in _REQUEST_HEADERS.items()},
            "securitySchemes": {
                **{
                    name: {"type": "apiKey", "in": "header", "name": name, "description": header["description"]}
                    for name, header in SIGNING_HEADERS.items()
                },
                "ReaderToken": {"type": "http", "scheme": "bearer", "description": "The token of a reader"},
            },
        },
    }


def _paths() -> Json:
    document, figures, page = json_answer({"type": "object"}), text_answer("text/plain"), text_answer("text/html")
    return {
        "/api/v1/signals": {"post": _create_signal()},
        "/api/v1/signals/batch": {"post": _create_batch()},
        **reading_paths(),
        **deciding_paths(),
        "/api/v1/health": {"get": get("getHealth", "Is the process alive?", "service", answer("Health"))},
        "/api/v1/ready": {"get": _readiness("getReadiness", "Would a signal be stored now?")},
        "/api/v1/ready/feed": {"get": _readiness("getFeedReadiness", "Could the feed be read now, and from where?")},
        "/api/v1/version": {"get": get("getVersion", "Which build is this?", "service", answer("Version"))},
        "/metrics": {"get": get("getMetrics", "Figures for Prometheus", "service", figures)},
        "/openapi.json": {"get": get("getDocument", "This document", "documentation", document)},
        "/docs": {"get": get("getDocs", "This document, to be read", "documentation", page)},
        "/docs/errors": {"get": get("getErrors", "Every code explained", "documentation", page)},
        "/board": {"get": get("getBoard", "A page to look at what comes in", "reading", page)},
    }


def _create_signal() -> Json:
    created = answer("SignalCreated", "Stored: the commit is on disk", ["Idempotent-Replayed"])
    created["content"]["application/json"]["example"] = specimens.CREATED
    found = answer(
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
    stored = answer("BatchStored", "All are stored: the commit is on disk", ["Idempotent-Replayed"])
    stored["content"]["application/json"]["example"] = specimens.STORED_BATCH
    in_part = answer("BatchStored", "Some are stored, and some are refused", ["Idempotent-Replayed"])
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
    content = {"application/json": {"schema": ref("schemas", schema), "examples": examples}}
    return {"required": True, "content": content}


def _signed(stored: Json, without: set[type[Refusal]]) -> Json:
    """What both ways of sending signals have."""
    answers = {**stored, **refused_answers(refusal for refusal in _OF_SIGNALS if refusal not in without)}
    for status in answers.keys() & _PROVEN:
        answers[status]["headers"] |= {name: ref("headers", name) for name in (POLICY, LIMIT)}
    return {
        "tags": ["signals"],
        "security": [{name: [] for name in SIGNING_HEADERS}],
        "parameters": [ref("parameters", name) for name in _REQUEST_HEADERS],
        "responses": answers,
    }


def _readiness(name: str, question: str) -> Json:
    operation = get(name, question, "service", answer("Readiness", "Yes"))
    either = {"oneOf": [ref("schemas", "Readiness"), shape([Overloaded, ShuttingDown])]}
    operation["responses"]["503"] = json_answer(either, "No, or there was no asking", ["Retry-After"])
    return operation
