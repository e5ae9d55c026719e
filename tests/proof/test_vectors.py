"""The published vectors: right by a computation of their own, and what the service says to each."""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from service.intake.signal import parse_signal
from service.kernel.errors import all_refusals
from service.proof.errors import AuthenticationRefusal
from service.proof.signing import sign
from service.settings import Settings
from tests.proof.guards import proving
from tests.running.environment import ROOT

PATH = ROOT / "docs" / "vectors" / "signature.json"
PAYLOAD_MAX_BYTES = 32768

Vector = dict[str, Any]

DOCUMENT: dict[str, Any] = json.loads(PATH.read_text())
SECRET: str = DOCUMENT["secret"]
ACCEPTED: list[Vector] = DOCUMENT["accepted"]
REFUSED: list[Vector] = DOCUMENT["refused"]


def name(vector: Vector) -> str:
    return str(vector["name"])


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out, for keys of at most a block."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_a_signature_is_what_the_rfc_says(vector: Vector) -> None:
    message = vector["body"] + vector["timestamp"] + vector["producer_id"]
    assert vector["signature"] == b64encode(hmac_sha256(SECRET.encode(), message.encode())).decode()


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_the_service_signs_the_same(vector: Vector) -> None:
    body = vector["body"].encode()
    assert sign(SECRET.encode(), body, vector["timestamp"], vector["producer_id"]) == vector["signature"]


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_an_accepted_vector_is_a_signal(vector: Vector) -> None:
    """So that a client can sign its body afresh and send it."""
    assert parse_signal(vector["body"].encode(), PAYLOAD_MAX_BYTES).instrument in {"XAUUSD", "EURUSD_M15"}


def code(headers: list[tuple[str, str]], body: str, now: str) -> str | None:
    """The code with which the service refuses these headers over this body; None when it accepts them."""

    async def endpoint(*_: object) -> None:
        return None

    def clock() -> datetime:
        return datetime.fromisoformat(now)

    guard = proving(endpoint, lambda _: [SECRET.encode()], clock)
    raw = [(key.lower().encode(), value.encode()) for key, value in headers]
    scope = {"type": "http", "headers": raw, "state": {"body": body.encode()}}
    try:
        asyncio.run(guard(scope, endpoint, endpoint))  # type: ignore[arg-type]
    except AuthenticationRefusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_an_accepted_vector_is_accepted(vector: Vector) -> None:
    headers = [
        ("X-Producer-Id", vector["producer_id"]),
        ("X-Timestamp", vector["timestamp"]),
        ("X-Signature", vector["signature"]),
    ]
    assert code(headers, vector["body"], vector["timestamp"]) is None


@pytest.mark.parametrize("vector", REFUSED, ids=name)
def test_a_refused_vector_is_refused_with_its_code(vector: Vector) -> None:
    headers = [(key, value) for key, value in vector["headers"]]
    assert code(headers, vector["body"], vector["now"]) == vector["code"]


def test_every_code_of_signing_has_a_refused_vector() -> None:
    codes = {refusal.code for refusal in all_refusals(AuthenticationRefusal)}
    assert {vector["code"] for vector in REFUSED} == codes


PARTITIONS: dict[str, Callable[[Vector], bool]] = {
    "letters beyond ASCII": lambda v: not v["body"].isascii(),
    "letters beyond the basic plane": lambda v: max(v["body"]) > "\uffff",
    "escapes": lambda v: "\\u" in v["body"],
    "a line break behind the body": lambda v: v["body"].endswith("\n"),
    "an empty payload": lambda v: '"payload":{}' in v["body"],
    "a body of more than 32 KB": lambda v: len(v["body"]) > PAYLOAD_MAX_BYTES,
    "the longest producer id": lambda v: len(v["producer_id"]) == 64,
    "an offset": lambda v: v["timestamp"].endswith("+05:30"),
    "the longest fraction": lambda v: "." in v["timestamp"] and len(v["timestamp"]) == 30,
    "a plus in the signature": lambda v: "+" in v["signature"],
    "a slash in the signature": lambda v: "/" in v["signature"],
}


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_accepted_vectors_cover(partition: str) -> None:
    assert any(map(PARTITIONS[partition], ACCEPTED))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    names = [name(vector) for vector in ACCEPTED + REFUSED]
    assert len(ACCEPTED) >= 20
    assert len(set(names)) == len(names)


def test_no_editor_can_change_the_file_unseen() -> None:
    """Letters beyond ASCII are escaped: no encoding, normalisation or line ending can alter what is signed."""
    assert Path(PATH).read_bytes().isascii()
    assert b"\r" not in Path(PATH).read_bytes()


def test_the_secret_says_what_it_is_for() -> None:
    assert SECRET.startswith("for-tests-only-")
    assert len(SECRET) >= 32


def settings(environment: str, secret: str) -> Settings:
    return Settings.model_validate({"app_env": environment, "hmac_producer_secret": secret})


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_secret_is_refused_outside_development(environment: str) -> None:
    with pytest.raises(ValidationError, match="HMAC_PRODUCER_SECRET is the published one") as refused:
        settings(environment, SECRET)
    assert SECRET not in str(refused.value)


def test_the_secret_is_accepted_in_development() -> None:
    assert settings("development", SECRET).hmac_producer_secret.get_secret_value() == SECRET


@pytest.mark.parametrize("secret", [SECRET[:-1], SECRET + "x", SECRET.upper(), "a secret of somebody's own, at last"])
def test_any_other_secret_is_accepted(secret: str) -> None:
    assert settings("production", secret).app_env == "production"
