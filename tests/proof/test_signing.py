"""Signing: which bytes, and what is taken for a signature."""

import hmac
from base64 import b64encode, urlsafe_b64encode
from contextlib import suppress
from datetime import timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.kernel.timestamps import parse_timestamp
from service.proof.errors import SignatureMalformed, SignatureMismatch
from service.proof.signing import KEYS_MAX, UNKNOWN_PRODUCER_SECRET, mac, sign, verify

SECRET = b"an-example-secret-of-32-bytes-ok"
OTHER_SECRET = b"another-secret-of-32-bytes-or-so"
BODY = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'
TIMESTAMP = "2026-01-31T12:00:00Z"
PRODUCER = "alpha"

ZONES = st.builds(timezone, st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes)))
TIMESTAMPS = st.datetimes(timezones=ZONES).map(lambda moment: moment.isoformat())
PRODUCER_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
SECRETS = st.binary(min_size=1, max_size=200)

# https://www.rfc-editor.org/rfc/rfc4231 section 4: key, data, HMAC-SHA-256 (the fifth is truncated to 128 bits).
RFC_4231 = [
    pytest.param(
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        id="4.2",
    ),
    pytest.param(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        id="4.3",
    ),
    pytest.param(
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        id="4.4",
    ),
    pytest.param(
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        id="4.5",
    ),
    pytest.param(b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b", id="4.6"),
    pytest.param(
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        id="4.7",
    ),
    pytest.param(
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        id="4.8",
    ),
]


@pytest.mark.parametrize(("key", "data", "digest"), RFC_4231)
def test_the_mac_is_that_of_rfc_4231(key: bytes, data: bytes, digest: str) -> None:
    assert mac(key, data, b"", b"").hex().startswith(digest)
    assert mac(key, data[:3], data[3:5], data[5:]).hex().startswith(digest)


@pytest.mark.parametrize(("key", "data", "digest"), RFC_4231)
def test_a_signature_of_rfc_4231_is_verified(key: bytes, data: bytes, digest: str) -> None:
    """The truncated one too is known, and is no proof."""
    signature = b64encode(bytes.fromhex(digest))
    if len(digest) == 64:
        assert verify([key], data[:3], data[3:5], data[5:], signature)[0].hex() == digest
    else:
        with pytest.raises(SignatureMismatch):
            verify([key], data, b"", b"", signature)


def test_the_published_example_of_github_is_verified() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    signature = b64encode(bytes.fromhex(digest))
    assert verify([b"It's a Secret to Everybody"], b"Hello, World!", b"", b"", signature)[0].hex() == digest


def test_a_signature_is_base64_of_body_then_timestamp_then_producer_id() -> None:
    message = BODY + TIMESTAMP.encode() + PRODUCER.encode()
    assert sign(SECRET, BODY, TIMESTAMP, PRODUCER) == b64encode(hmac.digest(SECRET, message, "sha256")).decode()


def test_a_signature_stays_what_it_was() -> None:
    """A fixed vector, computed with `openssl dgst -sha256 -hmac`: the signed bytes must never change."""
    assert sign(SECRET, BODY, TIMESTAMP, PRODUCER) == "CBnIEvy+38I82Dit6skwzg1AgdghQ40lHLKdftDrUIU="


@given(st.lists(SECRETS, min_size=1, max_size=3), st.data(), st.binary(), TIMESTAMPS, PRODUCER_IDS)
def test_what_is_signed_with_any_of_the_secrets_is_verified(
    secrets: list[bytes], data: st.DataObject, body: bytes, timestamp: str, producer: str
) -> None:
    secret = data.draw(st.sampled_from(secrets))
    signature = sign(secret, body, timestamp, producer).encode()
    expected = mac(secret, body, timestamp.encode(), producer.encode())
    assert verify(secrets, body, timestamp.encode(), producer.encode(), signature)[0] == expected


@given(SECRETS, st.binary(), TIMESTAMPS, PRODUCER_IDS, st.data())
def test_any_one_bit_changed_is_refused(
    secret: bytes, body: bytes, timestamp: str, producer: str, data: st.DataObject
) -> None:
    parts = [secret, body, timestamp.encode(), producer.encode(), sign(secret, body, timestamp, producer).encode()]
    which = data.draw(st.sampled_from([index for index, part in enumerate(parts) if part]))
    changed = bytearray(parts[which])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = bytes(changed)
    with pytest.raises((SignatureMalformed, SignatureMismatch)):
        verify([parts[0]], *parts[1:])


@given(TIMESTAMPS, PRODUCER_IDS, st.data())
def test_the_boundary_between_timestamp_and_producer_id_cannot_be_moved(
    timestamp: str, producer: str, data: st.DataObject
) -> None:
    """The same signed bytes, cut elsewhere, hold no timestamp: the MAC alone could not tell the two apart."""
    signed = timestamp + producer
    cut = data.draw(st.integers(0, len(signed)).filter(lambda cut: cut != len(timestamp)))
    with pytest.raises(ValueError, match="form"):
        parse_timestamp(signed[:cut])


@given(st.lists(st.binary(max_size=64), max_size=3), st.binary(), st.binary(max_size=64), st.binary(), st.binary())
@example([], b"", b"", b"", b"")
@example([b"secret"], b"", b"", b"", b"\xe9\xff")
@example([b"secret"], b"", b"", b"", "測".encode())
@example([b"secret"], b"", b"", b"", b"A" * 10_000)
def test_arbitrary_bytes_raise_nothing_but_the_two_refusals(
    secrets: list[bytes], body: bytes, timestamp: bytes, producer: bytes, signature: bytes
) -> None:
    with pytest.raises((SignatureMalformed, SignatureMismatch)):
        verify(secrets, body, timestamp, producer, signature)


RIGHT = mac(SECRET, BODY, TIMESTAMP.encode(), PRODUCER.encode())
CANONICAL = b64encode(RIGHT)


def _with_unused_bits_set() -> bytes:
    """Another spelling of the same 32 bytes: the last character before the padding has two bits to spare."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(CANONICAL[-2])
    return CANONICAL[:-2] + alphabet[last + 1 : last + 2] + b"="


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(b"", id="empty"),
        pytest.param(RIGHT.hex().encode() + b"!", id="not base64"),
        pytest.param(CANONICAL.rstrip(b"="), id="without padding"),
        pytest.param(CANONICAL + b"=", id="too much padding"),
        pytest.param(CANONICAL + b"\n", id="line end"),
        pytest.param(b" " + CANONICAL, id="leading space"),
        pytest.param(b"v1," + CANONICAL, id="version prefix"),
        pytest.param(CANONICAL + CANONICAL, id="twice"),
        pytest.param(CANONICAL[:20] + b" " + CANONICAL[20:], id="space inside"),
        pytest.param(_with_unused_bits_set(), id="another spelling"),
        pytest.param(urlsafe_b64encode(b"\xff" * 32), id="URL-safe alphabet"),
        pytest.param(b"\xe9" * 44, id="not ASCII"),
    ],
)
def test_what_is_no_canonical_base64_is_malformed(signature: bytes) -> None:
    with pytest.raises(SignatureMalformed):
        verify([SECRET], BODY, TIMESTAMP.encode(), PRODUCER.encode(), signature)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(b64encode(bytes(32)), id="other bytes"),
        pytest.param(RIGHT.hex().encode(), id="hex, which is base64 of something else"),
        pytest.param(b64encode(RIGHT[:16]), id="truncated"),
        pytest.param(b64encode(RIGHT + RIGHT), id="longer"),
        pytest.param(sign(OTHER_SECRET, BODY, TIMESTAMP, PRODUCER).encode(), id="other secret"),
        pytest.param(sign(SECRET, BODY + b" ", TIMESTAMP, PRODUCER).encode(), id="other spacing"),
        pytest.param(sign(SECRET, BODY, "2026-01-31T12:00:00+00:00", PRODUCER).encode(), id="other spelling of time"),
        pytest.param(sign(SECRET, BODY, TIMESTAMP, "Alpha").encode(), id="other producer"),
    ],
)
def test_canonical_base64_of_something_else_does_not_match(signature: bytes) -> None:
    with pytest.raises(SignatureMismatch):
        verify([SECRET], BODY, TIMESTAMP.encode(), PRODUCER.encode(), signature)


def test_a_producer_without_secrets_is_refused_like_a_wrong_signature() -> None:
    with pytest.raises(SignatureMismatch):
        verify([], BODY, TIMESTAMP.encode(), PRODUCER.encode(), CANONICAL)


def test_the_stand_in_for_a_missing_secret_opens_nothing() -> None:
    signature = sign(UNKNOWN_PRODUCER_SECRET, BODY, TIMESTAMP, PRODUCER).encode()
    with pytest.raises(SignatureMismatch):
        verify([], BODY, TIMESTAMP.encode(), PRODUCER.encode(), signature)


def macs_computed(monkeypatch: pytest.MonkeyPatch, secrets: list[bytes], signature: bytes) -> list[int]:
    """The lengths of the messages of which a MAC is computed before a signature is accepted or refused."""
    lengths: list[int] = []
    update = hmac.HMAC.update

    def counting(begun: hmac.HMAC, message: bytes) -> None:
        lengths.append(len(message))
        update(begun, message)

    with monkeypatch.context() as patch, suppress(SignatureMismatch):
        patch.setattr(hmac.HMAC, "update", counting)
        verify(secrets, BODY, TIMESTAMP.encode(), PRODUCER.encode(), signature)
    return lengths


@pytest.mark.parametrize("number", range(KEYS_MAX + 1))
def test_a_refusal_costs_the_same_however_many_secrets_there_are(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its time would tell which producers are known, and how many secrets each has."""
    wrong = b64encode(bytes(32))
    whole = len(BODY) + len(TIMESTAMP) + len(PRODUCER)
    assert macs_computed(monkeypatch, [OTHER_SECRET] * number, wrong) == [whole] * KEYS_MAX


@pytest.mark.parametrize("place", range(KEYS_MAX))
def test_an_accepted_signature_costs_no_more_than_its_secret(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = [OTHER_SECRET] * KEYS_MAX
    secrets[place] = SECRET
    assert len(macs_computed(monkeypatch, secrets, CANONICAL)) == place + 1
