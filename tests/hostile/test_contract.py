"""The service does what its published document says, and nothing else, whatever is generated from that document.

Some hundred examples, the same ones each time; with HOSTILE=full 5,000, from the seed of the run. A failure tells the
seed, and a curl line for the request.
"""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from re import DOTALL, findall, fullmatch, sub
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis.strategies import binary
from requests.auth import AuthBase
from schemathesis.specs.openapi.schemas import OpenApiSchema

from service.kernel.timestamps import FORM
from service.manual.headers import IDEMPOTENCY_KEY, SIGNING_HEADERS
from service.manual.openapi import document, document_text
from tests.hostile.seed import FULL, SEED
from tests.running.deployment import SECRET
from tests.running.fleet import Configuration, Fleet
from tests.running.service_process import ServiceProcess
from tests.speaking.producer import PRODUCER_ID, SIGNATURE, TIMESTAMP, compute_mac, time_text

SETTINGS = (("HMAC_PRODUCER_ENABLED", "true"), ("HMAC_PRODUCER_SECRET", SECRET.decode()))


class Signer(AuthBase):
    """Signs a request, unless one of the three headers is missing or not of the published form: then it is meant to be
    refused."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        headers = request.headers
        if all(_has_published_form(name, headers.get(name)) for name in SIGNING_HEADERS):
            parts = [_bytes(request.body), _bytes(headers[TIMESTAMP]), _bytes(headers[PRODUCER_ID])]
            headers[SIGNATURE] = b64encode(compute_mac(SECRET, *parts)).decode()
        key = headers.get("Idempotency-Key")
        if key is not None and fullmatch(IDEMPOTENCY_KEY["schema"]["pattern"], _bytes(key).decode("latin-1")):
            headers["Idempotency-Key"] = str(uuid4())  # another body under the same key is meant to be refused
        return request


def _has_published_form(name: str, value: Any) -> bool:
    if value is None or not fullmatch(SIGNING_HEADERS[name]["schema"]["pattern"], _bytes(value).decode("latin-1")):
        return False
    return name != TIMESTAMP or _exists(_bytes(value).decode())


def _exists(time: str) -> bool:
    try:
        return bool(datetime.fromisoformat(time))
    except ValueError:
        return False


def _bytes(value: Any) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value or b""


def _mended(body: Any) -> Any:
    """Mend what JSON Schema cannot say: that 1.0 is no integer, that the limits of `time` are meant in UTC, and that a
    signal expires in the days to come."""
    mended = dict(body) if isinstance(body, dict) else {}
    if isinstance(mended.get("signals"), list):
        mended["signals"] = [_mended(signal) for signal in mended["signals"]]
    for key in mended.keys() & {"side", "version"}:
        if isinstance(mended[key], float) and mended[key].is_integer():
            mended[key] = int(mended[key])
    if isinstance(mended.get("time"), str):
        mended["time"] = sub("^((?:1900-01-01|2200-12-31)T.*)[+-].{5}$", r"\1Z", mended["time"])
    expiry = mended.get("expires_at")
    if isinstance(expiry, str) and expiry.startswith("2") and FORM.fullmatch(expiry) and _exists(expiry):
        mended["expires_at"] = time_text(datetime.now(UTC) + timedelta(days=1))
    return mended or body


def _schema() -> OpenApiSchema:
    generation = {
        "max-examples": 20,
        "deterministic": not FULL,
        # JSON Schema cannot say that no string may contain U+0000.
        "allow-x00": False,
    }
    signals = {**generation, "max-examples": 5000 if FULL else 200}
    # Of several signals those that are right are stored, and each of the others is told what is wrong with it: 207. All
    # others are Schemathesis's own.
    statuses = [207, 400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, "5xx"]
    rejected = {"negative_data_rejection": {"expected-statuses": statuses}}
    settings = {
        **({"seed": SEED} if FULL else {}),
        "generation": generation,
        "operations": [
            {"include-path": "/api/v1/signals", "generation": signals},
            {"include-path": "/api/v1/signals/batch", "checks": rejected},
        ],
    }
    config = schemathesis.Config.from_dict(settings)
    schema = schemathesis.openapi.from_dict(document(), config=config)
    schema.auth.set_from_requests(Signer())
    return schema


schemathesis.openapi.format("hmac-sha256", binary(min_size=32, max_size=32).map(lambda mac: b64encode(mac).decode()))
# A stream does not end, so what was answered could never be compared with what is published: tests/live reads it.
schema = _schema().exclude(path="/api/v1/feed/live")


@pytest.fixture(scope="module")
def service(fleet: Fleet) -> Iterator[ServiceProcess]:
    """A service with signing on."""
    service = fleet.shared(Configuration(SETTINGS)).service
    yield service
    service.check()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """Connections to the service that are used again."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@schema.parametrize()
def test_every_answer_is_as_published(
    case: schemathesis.Case[Any], service: ServiceProcess, session: requests.Session
) -> None:
    if _has_published_form(TIMESTAMP, case.headers.get(TIMESTAMP)):
        case.headers[TIMESTAMP] = time_text(datetime.now(UTC))
    case.body = _mended(case.body)
    try:
        case.call_and_validate(base_url=service.url, session=session)
    except BaseException as failure:
        failure.add_note(f"HOSTILE_SEED={SEED}" if FULL else "the examples are the same each time")
        raise


def test_the_document_that_is_served_is_the_published_one(service: ServiceProcess) -> None:
    assert service.client.get(f"{service.url}/openapi.json").text == document_text()


def test_the_shell_lines_of_the_document_send_a_signed_signal(service: ServiceProcess) -> None:
    [lines] = findall(r"```bash\n(.*?)```", document()["info"]["description"], DOTALL)
    script = lines.replace("http://127.0.0.1:8000", service.url)
    assert service.url in script
    environment = {**os.environ, "SECRET": SECRET.decode()}
    shell = ["bash", "-euo", "pipefail", "-c", script]
    answer = subprocess.run(shell, env=environment, capture_output=True, check=True)
    assert json.loads(answer.stdout).keys() == {"id", "status", "created_at"}


def test_the_link_of_a_refusal_leads_to_its_explanation(service: ServiceProcess) -> None:
    answer = service.client.put(f"{service.url}/api/v1/signals")
    link = answer.links["help"]["url"]
    page = service.client.get(f"{service.url}{link}")
    assert link.partition("#")[2] == answer.json()["code"]
    assert f'id="{answer.json()["code"]}"' in page.text
