"""The mistakes that users of such services report: each is named, to those who hold the secret and to nobody else."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.http.ration import Ration
from service.proof.doctor import examine, examine_headers, signature_hint
from service.proof.errors import SignatureMalformed, SignatureMismatch, TimestampOutsideWindow
from service.proof.mistakes import Presented
from service.proof.signing import UNKNOWN_PRODUCER_SECRET, verify
from tests.proof.presented import BODY, RIGHT, SECRET, SENDER, STAMP, mac, presented, spelled

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

PROPER = STAMP + SENDER
MARK = b"\xef\xbb\xbf"
SIGNAL = {"instrument": "XAUUSD", "side": 0, "payload": {"link": "https://a/b", "note": "Größe 测 😀"}}
COMPACT = json.dumps(SIGNAL, separators=(",", ":"), ensure_ascii=False)
INDENTED = json.dumps(SIGNAL, indent=2, ensure_ascii=False)
WIDE = (BODY + PROPER).decode().encode("utf-16-le")


def as_php(text: str) -> bytes:
    """The JSON of PHP, which escapes slashes unless it is told not to."""
    return text.replace("/", "\\/").encode()


ENDS = {
    "the body with a NUL byte at its end": BODY + b"\0" + PROPER,
    "the parts with a NUL byte behind them": BODY + PROPER + b"\0",
    "the body and the other two parts, each with a NUL byte behind": BODY + b"\0" + PROPER + b"\0",
    "the three parts, each with a NUL byte behind": BODY + b"\0" + STAMP + b"\0" + SENDER + b"\0",
    "the body with a byte order mark before it": MARK + BODY + PROPER,
    "the body in UTF-16": BODY.decode().encode("utf-16-le") + PROPER,
    "the parts in UTF-16": WIDE,
    "the body in Latin-1": BODY.decode().encode("latin-1") + PROPER,
    "the body in ASCII": BODY.replace("é".encode(), b"?") + PROPER,
}

LAYOUTS = {
    "indented by two spaces": INDENTED.encode(),
    "indented by two spaces, lines ended by CR LF": INDENTED.replace("\n", "\r\n").encode(),
    "indented by four spaces": json.dumps(SIGNAL, indent=4, ensure_ascii=False).encode(),
    "indented by two spaces, letters beyond ASCII escaped": json.dumps(SIGNAL, indent=2).encode(),
    "without spaces, letters beyond ASCII escaped": json.dumps(SIGNAL, separators=(",", ":")).encode(),
    "without spaces, keys sorted, letters beyond ASCII escaped": json.dumps(
        SIGNAL, separators=(",", ":"), sort_keys=True
    ).encode(),
    "without spaces, slashes escaped": as_php(COMPACT),
    "without spaces, letters beyond ASCII escaped, slashes escaped": as_php(json.dumps(SIGNAL, separators=(",", ":"))),
    "indented by four spaces, letters beyond ASCII escaped, slashes escaped": as_php(json.dumps(SIGNAL, indent=4)),
    "with spaces after commas and colons": json.dumps(SIGNAL, ensure_ascii=False).encode(),
}

SENT_AS = {
    "the body without the NUL byte at its end": BODY + b"\0",
    "the body without the byte order mark before it": MARK + BODY,
    "the body in UTF-8, where it was sent in Latin-1": BODY.decode().encode("latin-1"),
}

READINGS = {
    "the secret with a line break (CR LF) at its end": SECRET + b"\r\n",
    "the secret in quotes": b'"' + SECRET + b'"',
    "the secret in UTF-16": SECRET.decode().encode("utf-16-le"),
}


@pytest.mark.parametrize("seen", ENDS)
def test_bytes_that_were_added_or_encoded_otherwise_are_named(seen: str) -> None:
    hint = signature_hint(presented(ENDS[seen]), [SECRET])
    assert hint is not None
    assert hint.startswith(f"X-Signature fits {seen}: ")


@pytest.mark.parametrize("seen", LAYOUTS)
def test_json_that_was_laid_out_otherwise_is_named(seen: str) -> None:
    body = b" " + COMPACT.encode()
    hint = signature_hint(presented(LAYOUTS[seen] + PROPER, body=body), [SECRET])
    assert hint == (
        f"X-Signature fits the body written as JSON {seen}: sign the bytes of the body exactly as they are sent"
    )


@pytest.mark.parametrize("seen", SENT_AS)
def test_bytes_that_were_sent_and_not_signed_are_named(seen: str) -> None:
    hint = signature_hint(presented(BODY + PROPER, body=SENT_AS[seen]), [SECRET])
    assert hint is not None
    assert hint.startswith(f"X-Signature fits {seen}: ")


@pytest.mark.parametrize("seen", READINGS)
def test_a_secret_that_was_read_otherwise_is_named(seen: str) -> None:
    hint = signature_hint(presented(BODY + PROPER, secret=READINGS[seen]), [SECRET])
    assert hint == f"X-Signature fits {seen}: use the characters of the secret as the key, as they are"


def test_a_program_that_knows_texts_in_utf_16_only_is_recognised() -> None:
    hint = signature_hint(presented(WIDE, secret=SECRET.decode().encode("utf-16-le")), [SECRET])
    assert hint == "X-Signature fits secret and parts in UTF-16: turn texts into UTF-8 before they are signed"


def plain(message: bytes) -> Presented:
    """A request that is signed with a hash that knows no key."""
    return Presented(BODY, STAMP, SENDER, b64encode(hashlib.sha256(message).digest()))


NO_KEY = "X-Signature fits SHA-256 without a key: sign with HMAC-SHA256, with the secret as its key"


@pytest.mark.parametrize("message", [SECRET + BODY + PROPER, BODY + PROPER + SECRET])
def test_a_hash_over_the_secret_is_told_to_its_holder_alone(message: bytes) -> None:
    assert signature_hint(plain(message), [SECRET]) == NO_KEY
    assert signature_hint(plain(message), [b"another"]) is None
    assert signature_hint(plain(message), []) is None


@pytest.mark.parametrize("secrets", [[], [SECRET], [b"another", SECRET]])
def test_a_hash_that_anyone_can_make_is_told_to_anyone(secrets: list[bytes]) -> None:
    """Else it would tell which producers are known."""
    assert signature_hint(plain(BODY + PROPER), secrets) == NO_KEY


@pytest.mark.parametrize("stand_in", [UNKNOWN_PRODUCER_SECRET, b""])
def test_what_stands_in_for_a_secret_explains_nothing(stand_in: bytes) -> None:
    for message in (BODY, WIDE, BODY + PROPER):
        assert signature_hint(presented(message, secret=stand_in), []) is None
    assert signature_hint(plain(stand_in + BODY), []) is None


@pytest.mark.parametrize("message", [*ENDS.values(), *LAYOUTS.values()])
def test_none_of_it_authenticates(message: bytes) -> None:
    request = presented(message)
    with pytest.raises(SignatureMismatch):
        verify([SECRET], request.body, request.timestamp, request.producer_id, request.signature)


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "dashes": lambda raw: raw.hex("-").encode(),
    "upper case dashes": lambda raw: raw.hex("-").upper().encode(),
    "colons": lambda raw: raw.hex(":").encode(),
    "spaces": lambda raw: raw.hex(" ").encode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_hex_in_groups_is_hex(spelling: str) -> None:
    """`BitConverter.ToString` of C# writes A1-B2, which is base64 of something else."""
    written = SPELLINGS[spelling]
    cure = "send standard base64 of the 32 bytes, with padding"
    assert signature_hint(spelled(written(RIGHT)), [SECRET]) == f"X-Signature is hex: {cure}"
    of_text = spelled(b64encode(written(RIGHT)))
    assert signature_hint(of_text, [SECRET]) == f"X-Signature is base64 of the hex text: {cure}"
    mistaken = signature_hint(spelled(written(mac(BODY))), [SECRET])
    assert mistaken is not None
    assert mistaken.startswith(f"X-Signature is hex and fits the body alone: {cure}, and ")


@pytest.mark.parametrize(("digest", "size"), [("sha1", 20), ("sha512", 64), ("md5", 16)])
def test_hex_of_another_hash_is_told_by_its_length(digest: str, size: int) -> None:
    raw = hmac.digest(SECRET, BODY + PROPER, digest)
    for text in raw.hex(), raw.hex("-"):
        assert signature_hint(spelled(text.encode()), [SECRET]) == (
            f"X-Signature is hex of {size} bytes: HMAC-SHA256 has 32, so sign with that"
        )


class TestRation:
    """Guessing is dear, so a flood of wrong signatures goes without."""

    def test_beyond_it_nothing_is_guessed_for_anyone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither for a known producer nor for an unknown one, so that the time of the answer tells nothing."""
        request = presented(BODY)
        monkeypatch.setattr(hmac, "new", _never)
        monkeypatch.setattr(hmac, "digest", _never)
        for secrets in ([], [SECRET]):
            assert "hint" not in examine(request, secrets, NOW, Ration(0))

    @pytest.mark.parametrize("secrets", [[], [SECRET]])
    def test_whoever_is_named_takes_from_it(self, secrets: list[bytes]) -> None:
        ration = Ration(1)
        examine(presented(BODY, secret=b"another"), secrets, NOW, ration)
        assert "hint" not in examine(presented(BODY), [SECRET], NOW, ration)

    def test_what_costs_no_guess_is_explained_without_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hmac, "new", _never)
        monkeypatch.setattr(hmac, "digest", _never)
        late = (NOW + timedelta(hours=2)).isoformat().encode()
        assert "hint" in examine_headers(TimestampOutsideWindow(), late, b"", NOW)
        assert "hint" in examine_headers(SignatureMalformed(), STAMP, RIGHT.hex("-").encode(), NOW)


def _never(*_: object) -> None:
    raise AssertionError("a MAC is computed")
