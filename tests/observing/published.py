"""What the published document says about answers, for tests that have one at hand."""

import json
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from service.manual.openapi import document
from tests.speaking.exchange import BATCH, SIGNALS, Answer

DOCUMENT = document()


def conforms(value: object, schema: dict[str, Any]) -> bool:
    """Whether a value fits a schema of the document, its formats included."""
    return _validator(json.dumps(schema)).is_valid(value)


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": DOCUMENT["components"]}
    return Draft202012Validator(whole, validate_formats=True)


def followed(value: dict[str, Any]) -> Any:
    """The value itself, or the component that it refers to."""
    target: Any = DOCUMENT if "$ref" in value else value
    for key in value.get("$ref", "#").split("/")[1:]:
        target = target[key]
    return target


def signal_answer(status: int, path: str = SIGNALS) -> Any:
    """What is published about an answer with this status to signals."""
    return followed(DOCUMENT["paths"][path]["post"]["responses"][str(status)])


def refusal_answer(status: int, code: str) -> Any:
    """What is published about a refusal of a signal, of a batch, of a decision or of the feed: one of them knows each
    code."""
    operations = [DOCUMENT["paths"][path]["post"] for path in (SIGNALS, BATCH, "/api/v1/signals/{id}/status")]
    answers = [operation["responses"] for operation in (*operations, DOCUMENT["paths"]["/api/v1/feed"]["get"])]
    published = [followed(responses[str(status)]) for responses in answers if str(status) in responses]
    return next(answer for answer in published if code in answer["content"]["application/json"]["examples"])


def check_published(answer: Answer, path: str = SIGNALS) -> None:
    """The answer has the body and the headers that the document promises for its status."""
    refused = answer.status >= 400
    promised = refusal_answer(answer.status, answer.json()["code"]) if refused else signal_answer(answer.status, path)
    content = promised["content"]["application/json"]
    assert answer.headers["Content-Type"] == "application/json"
    assert conforms(answer.json(), content["schema"]), f"not as published: {answer.body!r}"
    for name, header in promised["headers"].items():
        _check_header(name, followed(header), answer)


def _check_header(name: str, header: dict[str, Any], answer: Answer) -> None:
    text = answer.headers.get(name)
    if text is None:
        assert not header.get("required"), f"missing: {name}"
        return
    value = int(text) if header["schema"]["type"] == "integer" else text
    assert conforms(value, header["schema"]), f"not as published: {name}: {text}"
