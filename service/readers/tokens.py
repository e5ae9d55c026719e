"""The form of a token, and what is kept of it."""

import hashlib
import secrets

PREFIX = "signals_reader_"
"""By it a token is known where it should not be: programs that look for secrets look for such words."""

FORM = PREFIX + "[A-Za-z0-9_-]{43}"

_RANDOM_BYTES = 32


def new_token() -> str:
    """A token that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def sha256(token: bytes) -> bytes:
    """What is kept of a token. It is as random as the token, so that it needs neither salt nor stretching, and whoever
    measures how long it takes to find learns of the hash alone."""
    return hashlib.sha256(token).digest()
