"""Known mistakes: each is named, and none authenticates."""

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest

from service.proof.doctor import signature_hint
from service.proof.errors import SignatureMismatch
from service.proof.signing import verify
from tests.proof.presented import BODY, KNOWN, RIGHT, SECRET, SENDER, STAMP, mac, presented, spelled

HEX_SECRET = b"00112233445566778899aabbccddeeff"
SPACED_BODY = BODY.replace(b",", b" , ")


@pytest.mark.parametrize(("seen", "message"), KNOWN.items(), ids=KNOWN)
def test_a_known_mistake_in_what_was_signed_is_named(seen: str, message: bytes) -> None:
    body = SPACED_BODY if "JSON" in seen else BODY
    request = presented(message, body=body)
    hint = signature_hint(request, [SECRET])
    assert hint is not None
    assert hint.startswith(f"X-Signature fits {seen}: ")


@pytest.mark.parametrize(("seen", "message"), KNOWN.items(), ids=KNOWN)
def test_a_known_mistake_does_not_authenticate(seen: str, message: bytes) -> None:
    request = presented(message, body=SPACED_BODY if "JSON" in seen else BODY)
    with pytest.raises(SignatureMismatch):
        verify([SECRET], request.body, request.timestamp, request.producer_id, request.signature)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\n\n"])
def test_a_line_break_that_was_not_signed_is_named(ending: bytes) -> None:
    hint = signature_hint(presented(BODY + STAMP + SENDER, body=BODY + ending), [SECRET])
    assert hint == (
        "X-Signature fits the body without the line break at its end: "
        "sign the bytes of the body exactly as they are sent"
    )


@pytest.mark.parametrize(
    ("seen", "secret", "used"),
    [
        ("the secret with a line break at its end", SECRET, SECRET + b"\n"),
        ("the secret decoded from base64", SECRET, b"An-example-secret?of 32-bytes"),
        ("the secret decoded from hex", HEX_SECRET, bytes.fromhex("00112233445566778899aabbccddeeff")),
    ],
)
def test_a_secret_that_was_read_wrongly_is_named(seen: str, secret: bytes, used: bytes) -> None:
    hint = signature_hint(presented(BODY + STAMP + SENDER, secret=used), [secret])
    assert hint == f"X-Signature fits {seen}: use the characters of the secret as the key, as they are"


SPELLINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "hex": ("hex", lambda raw: raw.hex().encode()),
    "upper case hex": ("hex", lambda raw: raw.hex().upper().encode()),
    "base64 of hex": ("base64 of the hex text", lambda raw: b64encode(raw.hex().encode())),
    "URL-safe": ("another dialect of base64", lambda raw: urlsafe_b64encode(raw).rstrip(b"=")),
    "no padding": ("another dialect of base64", lambda raw: b64encode(raw).rstrip(b"=")),
    "quotes": ("surrounded by other text", lambda raw: b'"' + b64encode(raw) + b'"'),
    "sha256=": ("surrounded by other text", lambda raw: b"sha256=" + b64encode(raw)),
    "sha256= and hex": ("hex", lambda raw: b"sha256=" + raw.hex().encode()),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_right_bytes_in_another_spelling_are_named(name: str) -> None:
    seen, spell = SPELLINGS[name]
    hint = signature_hint(spelled(spell(RIGHT)), [SECRET])
    assert hint == f"X-Signature is {seen}: send standard base64 of the 32 bytes, with padding"


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_does_not_hide_a_mistake_in_what_was_signed(name: str) -> None:
    seen, spell = SPELLINGS[name]
    hint = signature_hint(spelled(spell(mac(BODY))), [SECRET])
    assert hint == (
        f"X-Signature is {seen} and fits the body alone: send standard base64 of the 32 bytes, with padding, and "
        "sign the body, then the timestamp, then the producer id, with nothing between or behind"
    )


def test_another_hash_is_told_by_its_length() -> None:
    signature = b64encode(hmac.digest(SECRET, BODY + STAMP + SENDER, "sha512"))
    assert signature_hint(spelled(signature), [SECRET]) == (
        "X-Signature is base64 of 64 bytes: HMAC-SHA256 has 32, so sign with that"
    )


@pytest.mark.parametrize("signature", [b"", b"=", b"not base64!", b"\xe9\xff", b"abcde", b"%%%"])
def test_what_looks_like_nothing_gets_no_hint(signature: bytes) -> None:
    assert signature_hint(spelled(signature), [SECRET]) is None


def test_a_signature_that_fits_nothing_gets_no_hint() -> None:
    assert signature_hint(presented(BODY + STAMP + SENDER, secret=b"another"), [SECRET]) is None


def test_an_empty_key_is_no_reading_of_a_secret() -> None:
    """Anyone can sign with it, so a hint would tell what the secret looks like."""
    assert signature_hint(presented(BODY + STAMP + SENDER, secret=b""), [b"a secret, in words"]) is None


def test_every_secret_of_a_producer_is_tried() -> None:
    request = presented(BODY)
    assert signature_hint(request, [b"old", SECRET]) == signature_hint(request, [SECRET, b"old"]) is not None
