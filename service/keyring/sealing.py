"""Secrets at rest. They cannot be hashed, since HMAC needs them, so they are sealed with a key that the database lacks.

sealed = mark of the sealing key (8 bytes) + nonce (12) + AES-256-GCM of the secret (its length + 16)
"""

import hashlib
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK_BYTES = 8
NONCE_BYTES = 12
"""NIST SP 800-38D section 8.2: 96 bits, drawn at random."""


class CannotOpen(Exception):
    """It does not open under the sealing keys that are there."""


class UnknownSealingKey(CannotOpen):
    """It was sealed under another sealing key."""


class Tampered(CannotOpen):
    """It was sealed under a key that is there, but for another key or producer, or it was changed since."""


class SealingKeys:
    """AES-256-GCM under several keys of 32 bytes: the first seals, all open."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_mark(key): AESGCM(key) for key in keys}
        self._newest = next(iter(self._ciphers), b"")

    def __bool__(self) -> bool:
        return bool(self._ciphers)

    def seal(self, secret: bytes, *, key_id: UUID, producer: str) -> bytes:
        """The secret, sealed for this key of this producer: under another id or name it does not open. There must be a
        sealing key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = self._ciphers[self._newest].encrypt(nonce, secret, _associated(key_id, producer))
        return self._newest + nonce + text

    def open(self, sealed: bytes, *, key_id: UUID, producer: str) -> bytes:
        """The secret that was sealed. Raises UnknownSealingKey and Tampered."""
        cipher = self._ciphers.get(sealed[:MARK_BYTES])
        if cipher is None:
            raise UnknownSealingKey
        nonce, text = sealed[MARK_BYTES:][:NONCE_BYTES], sealed[MARK_BYTES + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, text, _associated(key_id, producer))
        except (InvalidTag, ValueError):
            raise Tampered from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it says that it was sealed with the key that seals now."""
        return sealed[:MARK_BYTES] == self._newest


def _mark(key: bytes) -> bytes:
    """By what a sealing key is known without being given away."""
    return hashlib.sha256(b"signals sealing key" + key).digest()[:MARK_BYTES]


def _associated(key_id: UUID, producer: str) -> bytes:
    """What the seal is bound to. The id has a fixed length, so that no two pairs look alike."""
    return key_id.bytes + producer.encode("utf-8")
