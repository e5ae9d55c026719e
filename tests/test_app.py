"""The whole path of a request: the order of its checks, and the one shape of every refusal."""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from service.app import create_app
from service.kernel.errors import all_refusals
from service.kernel.limits import Limits
from service.settings import Settings, SettingsError
from tests.observing.contract import EXPLAINED
from tests.postgres.database_url import with_options
from tests.running.application import JSON, SECRET, SIGNALS, figure, of_requests, serving, signal_body, signing_headers
from tests.running.postgres import Database

STATUSES = {refusal.code: refusal.status for refusal in all_refusals()}


@dataclass
class Attempt:
    """A request that is valid and signed but for its faults."""

    path: str = SIGNALS
    method: str = "POST"
    content_type: str = "application/json"
    fields: dict[str, Any] = field(default_factory=dict)
    json: bool = True
    padding: int = 0
    complete: bool = True
    signed: bool = True
    shutting_down: bool = False

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        """The answer of the application."""
        body = signal_body(**self.fields) + b" " * self.padding
        body = body if self.json else body[1:]
        headers = dict(signing_headers(body if self.signed else b"something else"))
        if not self.complete:
            del headers["X-Signature"]
        if self.shutting_down:
            signal.raise_signal(signal.SIGTERM)
        return await client.request(
            self.method, self.path, headers=headers | {"Content-Type": self.content_type}, content=body
        )


Fault = Callable[[Attempt], None]


def another_path(attempt: Attempt) -> None:
    attempt.path = "/api/v1/orders"


def another_method(attempt: Attempt) -> None:
    attempt.method = "PUT"


def too_many_bytes(attempt: Attempt) -> None:
    attempt.padding = 210_000


def another_type(attempt: Attempt) -> None:
    attempt.content_type = "text/plain"


def a_header_too_few(attempt: Attempt) -> None:
    attempt.complete = False


def another_signature(attempt: Attempt) -> None:
    attempt.signed = False


def no_json(attempt: Attempt) -> None:
    attempt.json = False


def another_side(attempt: Attempt) -> None:
    attempt.fields["side"] = 2


def too_large_a_payload(attempt: Attempt) -> None:
    attempt.fields["payload"] = {"p": "a" * 32768}


def no_storage(attempt: Attempt) -> None:
    attempt.shutting_down = True


IN_ORDER: list[tuple[Fault, str]] = [
    (another_path, "not_found"),
    (another_method, "method_not_allowed"),
    (another_type, "unsupported_media_type"),
    (a_header_too_few, "header_missing"),
    (too_many_bytes, "body_too_large"),
    (another_signature, "signature_mismatch"),
    (no_json, "invalid_json"),
    (another_side, "validation_failed"),
    (too_large_a_payload, "payload_too_large"),
    (no_storage, "shutting_down"),
]
PAIRS = [
    pytest.param(first, second, code, id=f"{first.__name__}-{second.__name__}")
    for index, (first, code) in enumerate(IN_ORDER)
    for second, _ in IN_ORDER[index + 1 :]
]


@pytest.mark.parametrize(("first", "second", "code"), PAIRS)
@pytest.mark.anyio
async def test_of_two_faults_the_earlier_check_tells(
    shared_database: Database, first: Fault, second: Fault, code: str
) -> None:
    attempt = Attempt()
    second(attempt)
    first(attempt)
    async with serving(shared_database.url, signing=True) as client:
        answer = await attempt.send(client)
    assert (answer.status_code, answer.json()["code"]) == (STATUSES[code], code)


@pytest.mark.anyio
async def test_an_attempt_without_a_fault_is_stored(shared_database: Database) -> None:
    async with serving(shared_database.url, signing=True) as client:
        assert (await Attempt().send(client)).status_code == 201


@pytest.mark.parametrize(("fault", "code"), IN_ORDER)
@pytest.mark.anyio
async def test_every_refusal_has_one_shape_one_line_and_one_count(
    shared_database: Database, fault: Fault, code: str, log_lines: list[EventDict]
) -> None:
    attempt = Attempt()
    fault(attempt)
    before = figure("signals_rejected_total", code=code)
    async with serving(shared_database.url, signing=True) as client:
        answer = await attempt.send(client)
    told = answer.json()
    assert list(told)[:3] == ["code", "detail", "request_id"]
    assert (len(told) > 3) == (code in EXPLAINED)
    assert told["request_id"] == answer.headers["x-request-id"]
    assert isinstance(told["detail"], list if code == "validation_failed" else str)
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    assert ("retry-after" in answer.headers) == (answer.status_code == 503)
    assert ("allow" in answer.headers) == (answer.status_code == 405)
    assert figure("signals_rejected_total", code=code) == before + 1
    refused = [line for line in of_requests(log_lines) if line["event"] not in {"hmac_validation", "Request handled"}]
    assert [(line["event"], line["log_level"], line["code"]) for line in refused] == [
        ("Signal refused", "warning", code)
    ]
    at_fault = {
        "header_missing": ["X-Signature"],
        "validation_failed": ["side"],
        "payload_too_large": ["payload"],
    }
    assert refused[0]["fields"] == at_fault.get(code, [])
    assert [line["status"] for line in log_lines if line["event"] == "Request handled"] == [answer.status_code]


@pytest.mark.anyio
async def test_a_missing_header_is_named_in_detail_and_log(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    async with serving(shared_database.url, signing=True) as client:
        answer = await client.post(SIGNALS, headers=JSON | {"X-Timestamp": "yesterday"}, content=signal_body())
    assert answer.json()["detail"] == "Missing header: X-Producer-Id, X-Signature"
    [line] = [line for line in log_lines if line["event"] == "Signal refused"]
    assert line["fields"] == ["X-Producer-Id", "X-Signature"]


@pytest.mark.anyio
async def test_a_field_at_fault_is_told_as_pydantic_users_know_it(shared_database: Database) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body(instrument="xauusd", side="buy"))
    assert answer.json()["detail"] == [
        {
            "loc": ["body", "instrument"],
            "msg": "Input should be a string of 2 to 20 characters: A-Z, 0-9, dot, underscore or hyphen",
            "type": "string_pattern_mismatch",
        },
        {"loc": ["body", "side"], "msg": "Input should be the number 0 for buy or 1 for sell", "type": "int_type"},
    ]


@pytest.mark.parametrize("path", ["/signals", "/api/v0/signals", "/api/v1/signal", "/api/v1", "/", "//api/v1/signals"])
@pytest.mark.anyio
async def test_only_the_published_paths_exist(shared_database: Database, path: str) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.post(httpx.URL("http://signals", path=path), headers=JSON, content=signal_body())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", [f"{SIGNALS}/", "/api/v1/health/", "/metrics/"])
@pytest.mark.anyio
async def test_a_trailing_slash_is_no_redirect(shared_database: Database, path: str) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/%73ignals", "/api%2Fv1/signals", "/api/v1/%2e/signals", "/%"])
@pytest.mark.anyio
async def test_a_percent_encoded_path_is_an_ordinary_refusal(
    shared_database: Database, path: str, log_lines: list[EventDict]
) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.post(path, headers=JSON, content=signal_body())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert [(line["event"], line["log_level"]) for line in of_requests(log_lines)] == [
        ("Signal refused", "warning"),
        ("Request handled", "info"),
    ]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.anyio
async def test_signals_can_only_be_posted(shared_database: Database, method: str) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.request(method, SIGNALS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/ready", "/api/v1/version", "/metrics"])
@pytest.mark.anyio
async def test_the_other_paths_can_only_be_read(shared_database: Database, path: str) -> None:
    async with serving(shared_database.url) as client:
        answer = await client.post(path)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


# What nobody expected


def broken_clock() -> datetime:
    """A clock that fails in a way that nothing is prepared for."""
    raise RuntimeError("hidden-word")


@pytest.mark.anyio
async def test_an_unexpected_exception_tells_nothing_of_the_inside(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    before = figure("http_requests_total", route=SIGNALS, method="POST", status="500")
    body = signal_body()
    async with serving(shared_database.url, signing=True, clock=broken_clock) as client:
        answer = await client.post(SIGNALS, headers={**signing_headers(body), "X-Request-Id": "id-1"}, content=body)
        told = of_requests(log_lines)
        assert (await client.get("/api/v1/health")).status_code == 200
    assert answer.status_code == 500
    assert answer.json() == {"code": "internal_error", "detail": "Internal server error", "request_id": "id-1"}
    assert answer.headers["x-request-id"] == "id-1"
    assert "hidden-word" not in answer.text
    assert figure("http_requests_total", route=SIGNALS, method="POST", status="500") == before + 1
    beside = {"hmac_validation", "Background work failed"}
    assert [(line["event"], line["log_level"]) for line in told if line["event"] not in beside] == [
        ("Request failed", "error"),
        ("Unexpected exception", "error"),
        ("Request handled", "info"),
    ]
    assert "hidden-word" not in json.dumps([{**line, "exception": None} for line in told])


@pytest.mark.anyio
async def test_a_database_that_is_away_is_an_internal_error(log_lines: list[EventDict], tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    async with serving(url, limits=Limits(answer_seconds=0.3)) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
    assert (answer.status_code, answer.json()["detail"]) == (500, "Internal server error")
    errors = [line["event"] for line in log_lines if line["log_level"] == "error"]
    assert errors == ["Database write failed", "Request failed"]


# Wiring


def test_an_application_needs_a_database() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: "):
        create_app(Settings(_env_file=None))


@pytest.mark.anyio
async def test_the_size_on_the_wire_follows_the_payload_limit(shared_database: Database) -> None:
    cap = 6 * 100 + 4096

    async def send(client: httpx.AsyncClient, size: int) -> str | None:
        body = signal_body()
        answer = await client.post(SIGNALS, headers=JSON, content=body + b" " * (size - len(body)))
        code: str | None = answer.json().get("code")
        return code

    async with serving(shared_database.url, signals_payload_max_bytes=100) as client:
        assert await send(client, cap) is None
        assert await send(client, cap + 1) == "body_too_large"
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body(payload={"p": "a" * 93}))
        assert answer.json()["detail"] == "The payload is larger than 100 bytes"


@pytest.mark.anyio
async def test_the_secret_of_the_settings_is_the_one_that_counts(shared_database: Database) -> None:
    body = signal_body()
    other = SecretStr("another-secret-of-32-bytes-or-so")
    async with serving(shared_database.url, hmac_producer_enabled=True, hmac_producer_secret=other) as client:
        answer = await client.post(SIGNALS, headers=signing_headers(body), content=body)
    assert answer.json()["code"] == "signature_mismatch"
    assert SECRET not in answer.text


@pytest.mark.anyio
async def test_in_production_a_database_that_may_lose_commits_counts_as_away(shared_database: Database) -> None:
    url = with_options(shared_database.url, synchronous_commit="off")
    async with serving(url, app_env="production") as client:
        ready = await client.get("/api/v1/ready")
    assert ready.json()["dependencies"] == {"db": "not durable: synchronous_commit is off"}
    async with serving(url) as client:
        assert (await client.get("/api/v1/ready")).status_code == 200


@pytest.mark.anyio
async def test_a_request_id_is_made_for_whoever_brings_none(shared_database: Database) -> None:
    async with serving(shared_database.url) as client:
        answers = [await client.get(path) for path in ("/api/v1/health", "/metrics", "/nowhere", SIGNALS)]
    assert len({UUID(answer.headers["x-request-id"]) for answer in answers}) == 4
