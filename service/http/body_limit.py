"""Reading a body, and not more of it than allowed."""

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.errors import BodyTooLarge
from service.http.headers import values


class BodyLimit:
    """Reads the body, at most `max_bytes` of it, into `scope["state"]["body"]` for those behind."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = values(scope, b"content-length")
        if declared and int(declared[0]) > self.max_bytes:
            raise BodyTooLarge
        body = await self._read(scope.setdefault("state", {}), receive)
        if body is None:
            return
        scope["state"]["body"] = body
        await self.app(scope, receive, send)

    async def _read(self, state: dict[str, Any], receive: Receive) -> bytes | None:
        """The whole body, or None when the client went away before it was complete. The front door leaves a refusal
        in the state when it gives up on the rest of the body."""
        chunks = []
        room = self.max_bytes
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk: bytes = message.get("body", b"")
            room -= len(chunk)
            if room < 0:
                raise BodyTooLarge
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)
            if "refusal" in state:
                # Not left there: its traceback would keep what has been read, as long as the connection lasts.
                raise state.pop("refusal")
