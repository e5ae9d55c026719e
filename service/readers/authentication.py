"""The guard that knows who reads."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.kernel import metrics
from service.kernel.errors import refusals_below
from service.kernel.logs import log
from service.kernel.tracing import tell_proven
from service.readers import tokens
from service.readers.errors import TokenInvalid, TokenMissing, TokenRefusal
from service.readers.readers import Readers
from service.readers.scope import Reader


class ReaderAuthentication:
    """Lets in who shows the token of a reader. It leaves in the scope who that is (`reader`), and a function that tells
    whether it still is (`still_reads`): who answers for long asks it from time to time."""

    def __init__(self, app: ASGIApp, readers: Readers) -> None:
        self.app = app
        self.readers = readers
        self.successes = metrics.reader_tokens.labels("valid")
        for refusal in refusals_below(TokenRefusal):
            metrics.reader_tokens.labels(refusal.result)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            sha256 = tokens.sha256(_token(values(scope, b"authorization")))
            reader = self._find(sha256)
        except TokenRefusal as refusal:
            metrics.reader_tokens.labels(refusal.result).inc()
            log.warning("token_validation", result=refusal.result)
            raise
        tell_proven()
        self.successes.inc()
        log.info("token_validation", reader=reader.name, result="valid")
        scope["reader"] = reader
        scope["still_reads"] = lambda: self.readers.find(sha256) == reader
        await self.app(scope, receive, send)

    def _find(self, sha256: bytes) -> Reader:
        reader = self.readers.find(sha256)
        if reader is None:
            raise TokenInvalid
        return reader


def _token(credentials: Sequence[bytes]) -> bytes:
    """RFC 6750 section 2.1: the scheme, one space or more, the token. RFC 9110 section 11.1: the case of the scheme
    does not matter. A token in the query or in a form is none."""
    if len(credentials) > 1:
        raise TokenInvalid("Authorization is given more than once: send it once")
    scheme, _, token = b"".join(credentials).partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise TokenMissing
    return token.lstrip(b" ")


class OpenReading:
    """For a service that anybody may read, without a token."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["reader"] = Reader(None)
        scope["still_reads"] = lambda: True
        await self.app(scope, receive, send)
