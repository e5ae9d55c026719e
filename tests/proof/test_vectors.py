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
from service.kernel.errors import refusals_below
from service.proof.errors import AuthenticationRefusal
from service.proof.signing import sign
from service.settings import Settings
from tests.proof.guards import proving
from tests.running.environment import ROOT

PATH = ROOT / "docs" / "vectors" / "signature.json"
PAYLOAD_MAX_BYTES = 32768

Vector = dict[str, Any]

DOCUMENT: dict[str, Any] = json.loads(PATH.read_text())
ACCEPTED: list[Vector] = DOCUMENT["accepted"]
REFUSED: list[Vector] = DOCUMENT["refused"]
SECRETS: set[str] = {vector["secret"] for vector in ACCEPTED + REFUSED}


def name(vector: Vector) -> str:
    return str(vector["name"])


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_a_signature_is_what_the_rfc_says(vector: Vector) -> None:
    message = vector["body"] + vector["timestamp"] + vector["producer_id"]
    assert vector["signature"] == b64encode(hmac_sha256(vector["secret"].encode(), message.encode())).decode()


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_the_service_signs_the_same(vector: Vector) -> None:
    secret, body = vector["secret"].encode(), vector["body"].encode()
    assert sign(secret, body, vector["timestamp"], vector["producer_id"]) == vector["signature"]


@pytest.mark.parametrize("vector", ACCEPTED, ids=name)
def test_an_accepted_vector_is_a_signal(vector: Vector) -> None:
    """So that a client can sign its body afresh and send it."""
    assert parse_signal(vector["body"].encode(), PAYLOAD_MAX_BYTES).instrument in {"XAUUSD", "EURUSD_M15"}


def code(vector: Vector, headers: list[tuple[str, str]], now: str) -> str | None:
    """The code with which the service refuses these headers over the body of a vector; None when it accepts them."""

    async def endpoint(*_: object) -> None:
        return None

    def clock() -> datetime:
        return datetime.fromisoformat(now)

    guard = proving(endpoint, lambda _: [vector["secret"].encode()], clock)
    raw = [(key.lower().encode(), value.encode()) for key, value in headers]
    scope = {"type": "http", "headers": raw, "state": {"body": vector["body"].encode()}}
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
    assert code(vector, headers, vector["timestamp"]) is None


@pytest.mark.parametrize("vector", REFUSED, ids=name)
def test_a_refused_vector_is_refused_with_its_code(vector: Vector) -> None:
    headers = [(key, value) for key, value in vector["headers"]]
    assert code(vector, headers, vector["now"]) == vector["code"]


def test_every_code_of_signing_has_a_refused_vector() -> None:
    codes = {refusal.code for refusal in refusals_below(AuthenticationRefusal)}
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
    "a secret of exactly a block": lambda v: len(v["secret"].encode()) == 64,
    "a secret of a block and a byte": lambda v: len(v["secret"].encode()) == 65,
    "a secret of several blocks": lambda v: len(v["secret"].encode()) > 128,
    "a secret with letters beyond ASCII": lambda v: not v["secret"].isascii(),
    "a secret with letters beyond the basic plane": lambda v: max(v["secret"]) > "\uffff",
    "a secret that is longer than a block in bytes only": lambda v: len(v["secret"]) < 64 < len(v["secret"].encode()),
    "a secret that shells treat specially": lambda v: {*" '\"\\$%"} <= {*v["secret"]},
}


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_accepted_vectors_cover(partition: str) -> None:
    assert any(map(PARTITIONS[partition], ACCEPTED))


WRONG_KEYS: dict[str, Callable[[str], bytes]] = {
    "cut after a block": lambda secret: secret.encode()[:64],
    "hashed from a block on": lambda secret: hashed_from(64, secret),
    "hashed after two blocks only": lambda secret: hashed_from(129, secret),
    "in Latin-1": lambda secret: secret.encode("latin-1", "replace"),
    "in UTF-16": lambda secret: secret.encode("utf-16-le"),
    "counted in letters": lambda secret: hashed_from(65, secret) if len(secret) > 64 else secret.encode()[:64],
}


def hashed_from(size: int, secret: str) -> bytes:
    """The key of an HMAC that hashes keys from so many bytes on, and cuts what is longer than a block otherwise."""
    key = secret.encode()
    return hashlib.sha256(key).digest() if len(key) >= size else key[:64]


@pytest.mark.parametrize("mistake", WRONG_KEYS)
def test_a_signer_that_uses_the_secret_wrongly_is_found_out(mistake: str) -> None:
    def agrees(vector: Vector) -> bool:
        message = vector["body"] + vector["timestamp"] + vector["producer_id"]
        key = WRONG_KEYS[mistake](vector["secret"])
        return bool(vector["signature"] == b64encode(hmac_sha256(key, message.encode())).decode())

    assert not all(map(agrees, ACCEPTED))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    names = [name(vector) for vector in ACCEPTED + REFUSED]
    assert len(ACCEPTED) >= 20
    assert len(set(names)) == len(names)


def test_no_editor_can_change_the_file_unseen() -> None:
    """Letters beyond ASCII are escaped: no encoding, normalisation or line ending can alter what is signed."""
    assert Path(PATH).read_bytes().isascii()
    assert b"\r" not in Path(PATH).read_bytes()


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_secret_says_what_it_is_for(secret: str) -> None:
    assert secret.startswith("for-tests-only-")
    assert len(secret.encode()) >= 32


def settings(environment: str, secret: str) -> Settings:
    given = {"app_env": environment, "hmac_producer_enabled": False, "hmac_producer_secret": secret}
    return Settings.model_validate(given)


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_published_secret_is_refused_outside_development(environment: str, secret: str) -> None:
    with pytest.raises(ValidationError, match="HMAC_PRODUCER_SECRET is a published one") as refused:
        settings(environment, secret)
    assert secret not in str(refused.value)


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_a_published_secret_is_accepted_in_development(secret: str) -> None:
    assert settings("development", secret).hmac_producer_secret.get_secret_value() == secret


@pytest.mark.parametrize("secret", ["for-tests", "For-Tests-Only-0123456789", "a secret of somebody's own, at last"])
def test_any_other_secret_is_accepted(secret: str) -> None:
    assert settings("production", secret).app_env == "production"
