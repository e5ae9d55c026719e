"""Secrets at rest. They cannot be hashed, since HMAC needs them, so they are sealed with a key that the database lacks."""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""NIST SP 800-38D section 8.2: 96 bits, drawn at random."""

_FORM = re.compile(r"[A-Za-z0-9+/_-]{43}=?")


class CannotOpen(Exception):
    """None of the sealing keys opens it: it was sealed with another one, for another key or producer, or changed."""


class SealingKeys:
    """AES-256-GCM under several keys: the first seals, all open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(key) for key in keys]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Keys with commas between, each 32 bytes in base64url or standard base64, with padding or without (RFC 4648
        sections 4 and 5).

        Raises ValueError that names the place of the one that is wrong, and never repeats it.
        """
        keys: list[bytes] = []
        for place, part in enumerate(text.split(","), start=1):
            key = _key(part.strip(" "))
            if key is None:
                raise ValueError(f"number {place} is not 32 bytes in base64: `signals keys new-sealing-key` prints one")
            if key in keys:
                raise ValueError(f"number {place} is there twice")
            keys.append(key)
        return cls(keys)

    def seal(self, secret: bytes, *, key_id: UUID, producer: str) -> bytes:
        """The secret, sealed for this key of this producer: under another id or name it does not open."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret, _associated(key_id, producer))

    def open(self, sealed: bytes, *, key_id: UUID, producer: str) -> bytes:
        """The secret that was sealed. Raises CannotOpen."""
        return _open(self._ciphers, sealed, _associated(key_id, producer))

    def is_newest(self, sealed: bytes, *, key_id: UUID, producer: str) -> bool:
        """Whether it is sealed with the key that seals now."""
        try:
            _open(self._ciphers[:1], sealed, _associated(key_id, producer))
        except CannotOpen:
            return False
        return True


def new_key() -> str:
    """A sealing key as it is written in SIGNALS_SEALING_KEYS."""
    return b64encode(secrets.token_bytes(KEY_BYTES), b"-_").rstrip(b"=").decode("ascii")


def _open(ciphers: Sequence[AESGCM], sealed: bytes, associated: bytes) -> bytes:
    for cipher in ciphers:
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except (InvalidTag, ValueError):
            continue
    raise CannotOpen


def _key(text: str) -> bytes | None:
    """The 32 bytes that a text in canonical base64 stands for."""
    if _FORM.fullmatch(text) is None:
        return None
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/")) + "="
    key = b64decode(standard)
    return key if b64encode(key).decode("ascii") == standard else None


def _associated(key_id: UUID, producer: str) -> bytes:
    """What the seal is bound to. The id has a fixed length, so that no two pairs look alike."""
    return key_id.bytes + producer.encode("utf-8")
