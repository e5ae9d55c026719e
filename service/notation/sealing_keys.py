"""The form of the keys under which secrets are sealed: 32 random bytes as text."""

import re
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode

KEY_BYTES = 32

_FORM = re.compile(r"[A-Za-z0-9+/_-]{43}=?")


def parse_sealing_keys(text: str) -> list[bytes]:
    """Keys with commas between, each 32 bytes in base64url or standard base64, with padding or without (RFC 4648
    sections 4 and 5).

    Raises ValueError that names the place of the one that is wrong, and never repeats it.
    """
    keys: list[bytes] = []
    for place, part in enumerate(text.split(","), start=1):
        key = _key(part.strip())
        if key is None:
            raise ValueError(f"number {place} is not 32 bytes in base64: `signals keys new-sealing-key` prints one")
        if key in keys:
            raise ValueError(f"number {place} is there twice")
        keys.append(key)
    return keys


def new_sealing_key() -> str:
    """A sealing key as it is written in SIGNALS_SEALING_KEYS."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode("ascii")


def _key(text: str) -> bytes | None:
    """The 32 bytes that a text in canonical base64 stands for."""
    if _FORM.fullmatch(text) is None:
        return None
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/")) + "="
    key = b64decode(standard)
    return key if b64encode(key).decode("ascii") == standard else None
