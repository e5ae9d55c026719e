"""What is refused because nobody knows who reads.

Refusal
└── TokenRefusal
    ├── TokenMissing  401 token_missing
    └── TokenInvalid  401 token_invalid
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import Refusal

_CHALLENGE = 'Bearer realm="signals"'


class TokenRefusal(Refusal):
    """Who reads is not known. `result` is the word for it in the log and in the metrics."""

    status = 401
    result: ClassVar[str]


class TokenMissing(TokenRefusal):
    """RFC 6750 section 3.1: who shows nothing is told no error."""

    code, result = "token_missing", "missing"
    sentence = "Show the token of a reader, as Authorization: Bearer and the token"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": _CHALLENGE}


class TokenInvalid(TokenRefusal):
    code, result = "token_invalid", "invalid"
    sentence = "This token is not known, or not good any more"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
