"""Requests as a server hands them to an application, and applications to stand behind a guard."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kernel import logs

Headers = Sequence[tuple[str | bytes, str | bytes]]

BODY = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'


class Recorder:
    """Answers 204, and remembers what reached it. With `reading` it reads the body first."""

    def __init__(self, *, reading: bool = False, failing: Exception | None = None) -> None:
        self.scopes: list[Scope] = []
        self.request_ids: list[str | None] = []
        self._reading = reading
        self._failing = failing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self.request_ids.append(logs.request_id.get())
        while self._reading and (await receive()).get("more_body", False):
            pass
        if self._failing is not None:
            raise self._failing
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def state(self) -> Mapping[str, object]:
        """What the guards left for the one application that was reached."""
        [scope] = self.scopes
        state: Mapping[str, object] = scope["state"]
        return state


async def post(
    app: ASGIApp, headers: Headers = (), content: bytes | AsyncIterator[bytes] | None = None, method: str = "POST"
) -> httpx.Response:
    """Send one request to an application in this process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://signals") as client:
        return await client.request(method, "/path", headers=list(headers), content=content)  # type: ignore[arg-type]


async def in_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body whose length nobody declares."""
    for chunk in chunks:
        yield chunk


def http_scope(headers: Sequence[tuple[bytes, bytes]] = (), **more: object) -> Scope:
    """The scope of a request as a server would hand it over."""
    return {"type": "http", "method": "POST", "path": "/path", "headers": list(headers), "state": {}, **more}


def receiving(*messages: Message) -> Receive:
    """Delivers these messages, and no more."""
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return receive


async def never(*_: object) -> Any:
    """For what must not be called."""
    raise AssertionError("nothing more may be received or sent")


def part(body: bytes, *, more: bool) -> Message:
    """A part of a request body."""
    return {"type": "http.request", "body": body, "more_body": more}


async def discard(_: Message) -> None:
    """For what may be sent."""
    return
