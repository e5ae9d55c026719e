"""The content types that are taken."""

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.errors import UnsupportedMediaType
from service.http.headers import values


class JsonOnly:
    """Lets through what says it is JSON in UTF-8 (RFC 8259 section 8.1), uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        types = values(scope, b"content-type")
        if len(types) != 1 or not _is_json(types[0]) or values(scope, b"content-encoding"):
            raise UnsupportedMediaType
        await self.app(scope, receive, send)


def _is_json(content_type: bytes) -> bool:
    if content_type == b"application/json":
        return True
    media_type, *parameters = (part.strip().lower() for part in content_type.split(b";"))
    charsets = (text.removeprefix(b"charset=").strip(b'"') for text in parameters if text.startswith(b"charset="))
    return media_type == b"application/json" and all(charset in {b"utf-8", b"utf8"} for charset in charsets)
