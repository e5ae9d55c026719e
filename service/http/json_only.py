"""The content types that are taken."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.errors import UnsupportedMediaType
from service.http.headers import values


class JsonOnly:
    """Lets through what says it is JSON in UTF-8 (RFC 8259 section 8.1), uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        types = values(scope, b"content-type")
        if types != [b"application/json"]:
            _check_types(types)
        # RFC 9110 section 8.4.1: `identity` is no coding; section 5.6.1: nor is an empty member of a list.
        codings = (coding for value in values(scope, b"content-encoding") for coding in value.split(b","))
        if any(coding.strip().lower() not in {b"", b"identity"} for coding in codings):
            raise UnsupportedMediaType("The body is compressed: send it as it is, without Content-Encoding")
        await self.app(scope, receive, send)


def _check_types(types: Sequence[bytes]) -> None:
    if not types:
        raise UnsupportedMediaType("Content-Type is missing: send application/json")
    if len(types) > 1:
        raise UnsupportedMediaType("Content-Type is given more than once: send it once")
    media_type, *parameters = (part.strip().lower() for part in types[0].split(b";"))
    if media_type != b"application/json":
        raise UnsupportedMediaType("Content-Type is not application/json")
    charsets = (text.removeprefix(b"charset=").strip(b'"') for text in parameters if text.startswith(b"charset="))
    if any(charset not in {b"utf-8", b"utf8"} for charset in charsets):
        raise UnsupportedMediaType("Content-Type names a charset that is not UTF-8: write the body in UTF-8")
