"""The published document is valid, whole, and the same everywhere."""

import json
import subprocess
import sys
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from service.app import create_app
from service.batch.errors import NotStored
from service.http.shapes import Fault
from service.intake.signal import parse_signal
from service.kernel.errors import FieldFault, Refusal, all_refusals
from service.manual.openapi import document_text
from service.manual.pages import pages
from service.settings import Settings
from tests.documents.generated import generated
from tests.observing.published import DOCUMENT, conforms, followed, refusal_answer
from tests.running.environment import ROOT
from tests.speaking.exchange import BATCH, SIGNALS

REFUSALS = [refusal for refusal in all_refusals() if refusal is not NotStored]
"""Those that come alone, and not only within a batch."""


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """All operations, by path and method."""
    return {
        (path, method.upper()): operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []
    assert "jsonSchemaDialect" not in DOCUMENT


def test_the_document_is_the_same_wherever_it_is_read() -> None:
    printed = subprocess.run([sys.executable, "-m", "service", "openapi"], cwd=ROOT, capture_output=True, check=True)
    assert printed.stdout.decode() == document_text()
    assert bytes(pages()["/openapi.json"].body).decode() == document_text()
    assert json.loads(document_text()) == DOCUMENT


def test_the_written_documents_are_up_to_date() -> None:
    for path, text in generated().items():
        assert path.read_text() == text, f"{path.name} is out of date: `make docs` writes it anew"


def test_every_route_is_in_the_document() -> None:
    app: Any = create_app(Settings(_env_file=None, database_url="postgresql://localhost/none"))
    routes = [route for route in app.app.routes if isinstance(route, Route)]
    files = {path for path, page in pages().items() if page.media_type in {"text/css", "text/javascript"}}
    files.add("/board/{version}/{name}")
    served = {(route.path, method) for route in routes for method in route.methods or {"any"}}
    assert {(path, method) for path, method in served if path not in files and method != "HEAD"} == set(operations())


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_every_code_has_an_example_of_the_published_shape(refusal: type[Refusal]) -> None:
    content = refusal_answer(refusal.status, refusal.code)["content"]["application/json"]
    value = content["examples"][refusal.code]["value"]
    assert value["code"] == refusal.code
    assert conforms(value, content["schema"])
    assert not conforms({**value, "code": "another"}, content["schema"])
    assert not conforms({**value, "more": 1}, content["schema"])


OWN = {"method_not_allowed": {"Allow"}, "duplicate_signal": {"Duplicate-Of"}}
"""Headers whose values are different in each answer."""


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_the_headers_of_every_refusal_are_published(refusal: type[Refusal]) -> None:
    headers = {
        name: followed(header) for name, header in refusal_answer(refusal.status, refusal.code)["headers"].items()
    }
    required = {name for name, header in headers.items() if header.get("required")}
    by_the_server = {"X-Request-Id", "Link"} | OWN.get(refusal.code, set())
    assert required == by_the_server | refusal.headers.keys()
    for name, value in refusal.headers.items():
        read = int(value) if headers[name]["schema"]["type"] == "integer" else value
        assert conforms(read, headers[name]["schema"])


def test_the_example_signals_are_accepted_and_fit_their_schema() -> None:
    content = operations()["/api/v1/signals", "POST"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        assert conforms(example["value"], content["schema"])
        parse_signal(json.dumps(example["value"]).encode(), 32768)


def test_signals_need_a_signature_and_readers_a_token() -> None:
    secured = {key: operation["security"] for key, operation in operations().items() if operation["security"]}
    sent = {path: secured.pop((path, "POST")) for path in (SIGNALS, BATCH)}
    signed: list[dict[str, list[str]]] = [{"X-Producer-Id": [], "X-Timestamp": [], "X-Signature": []}]
    assert sent == {SIGNALS: signed, BATCH: signed}
    assert signed[0].keys() == DOCUMENT["components"]["securitySchemes"].keys() - {"ReaderToken"}
    either = [{"ReaderToken": []}, *signed]
    assert secured.pop(("/api/v1/signals/{id}", "GET")) == either
    assert secured.pop(("/api/v1/signals/{id}/status", "POST")) == either
    reading = {"/api/v1/feed", "/api/v1/feed/live", "/api/v1/instruments", "/api/v1/overview"}
    assert secured == {(path, "GET"): [{"ReaderToken": []}] for path in reading}


def test_the_published_fault_is_the_one_that_is_raised() -> None:
    assert FieldFault.__annotations__ == {name: field.annotation for name, field in Fault.model_fields.items()}
