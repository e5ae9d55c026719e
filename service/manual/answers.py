"""Answers and refusals as the published document describes them."""

from collections.abc import Iterable
from typing import Any

from service.batch.errors import BatchRefused
from service.feed.errors import CursorExpired
from service.http.errors import (
    BodyTooLarge,
    HeadersTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    RequestTimeout,
    ShuttingDown,
    ValidationFailed,
)
from service.kernel.errors import InternalError, Refusal
from service.manual import specimens
from service.manual.explanations import explanations
from service.proof.errors import ProofRefusal, SignatureMismatch
from service.rates.errors import RateLimited
from service.receipts.errors import DuplicateSignal

Json = dict[str, Any]

ANYWHERE: list[type[Refusal]] = [
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


def answer(schema: str, description: str = "The answer", headers: Iterable[str] = ()) -> Json:
    """An answer of one of the schemas."""
    return json_answer(ref("schemas", schema), description, headers)


def json_answer(schema: Json, description: str = "The answer", headers: Iterable[str] = ()) -> Json:
    """An answer in JSON."""
    return {
        "description": description,
        "headers": {name: ref("headers", name) for name in ["X-Request-Id", *headers]},
        "content": {"application/json": {"schema": schema}},
    }


def get(operation_id: str, summary: str, tag: str, answer: Json) -> Json:
    """An operation that reads, and that anybody may ask for."""
    refused = {str(refusal.status): ref("responses", f"Refused{refusal.status}") for refusal in ANYWHERE}
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": [tag],
        "security": [],
        "parameters": [ref("parameters", "X-Request-Id")],
        "responses": {"200": answer, **refused},
    }


def text_answer(media_type: str) -> Json:
    """An answer in text."""
    return json_answer({}) | {"content": {media_type: {"schema": {"type": "string"}}}}


def refused_answers(refusals: Iterable[type[Refusal]]) -> Json:
    """The answers that refuse, by status."""
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals:
        by_status.setdefault(refusal.status, []).append(refusal)
    return {str(status): _refused(by_status[status]) for status in sorted(by_status)}


_OWED = {MethodNotAllowed: ["Allow"], DuplicateSignal: ["Duplicate-Of"]}
"""The headers that are different in each answer."""


def _refused(refusals: list[type[Refusal]]) -> Json:
    headers = ["Link", *_OWED.get(refusals[0], ()), *refusals[0].headers]
    lines = [f"- `{refusal.code}`: {explanations()[refusal].cause}" for refusal in refusals]
    answer = json_answer(shape(refusals), "\n".join(lines), headers)
    answer["content"]["application/json"]["examples"] = {
        refusal.code: specimens.refused(refusal) for refusal in refusals
    }
    return answer


def shape(refusals: Iterable[type[Refusal]]) -> Json:
    """The schema of these refusals: which codes there are, and what is told beside each."""
    codes: dict[str, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(_shape_name(refusal), []).append(refusal.code)
    schemas = [{"allOf": [ref("schemas", name), {"properties": {"code": {"enum": codes[name]}}}]} for name in codes]
    return schemas[0] if len(schemas) == 1 else {"oneOf": schemas}


_SHAPES = {
    BatchRefused: "RefusedBatch",
    CursorExpired: "RefusedCursor",
    RateLimited: "RefusedRate",
    ValidationFailed: "RefusedFields",
}


def _shape_name(refusal: type[Refusal]) -> str:
    if issubclass(refusal, SignatureMismatch):
        return "RefusedSignature"
    if issubclass(refusal, ProofRefusal):
        return "RefusedProof"
    return _SHAPES.get(refusal, "Refused")


def ref(kind: str, name: str) -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}
