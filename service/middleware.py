"""Pure ASGI guards, in the order in which a request meets them. Each does one thing or raises a Refusal."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from service import doctor, metrics, signing
from service.errors import (
    AuthenticationRefusal,
    BodyTooLarge,
    HeaderMissing,
    HeaderRepeated,
    ProducerIdInvalid,
    ProofRefusal,
    UnsupportedMediaType,
)
from service.headers import PRODUCER_ID_FORM, REQUEST_ID_FORM
from service.logs import log, request_id
from service.mistakes import Presented
from service.timestamps import Clock

_SANE_REQUEST_ID = re.compile(REQUEST_ID_FORM.encode())
_SANE_PRODUCER_ID = re.compile(PRODUCER_ID_FORM.encode())
_ADDRESS_LENGTH = 45
"""The longest that an IPv6 address can be. A trusted proxy that sends something else is not a reason to log it all."""

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


class RequestContext:
    """Outermost: gives every answer its request id, its closing log line and its metric, 500s included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        identifier = _request_id(scope)
        request_id.set(identifier)
        status: int | None = None
        body_unread = _has_body(scope)

        async def receive_watched() -> Message:
            nonlocal body_unread
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                body_unread = False
            return message

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", identifier.encode())]
                if body_unread:
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive_watched, send_marked)
        except Exception as error:
            log.error("Unexpected exception", exception=error)
        finally:
            request_id.set(None)
            _conclude(scope, identifier, status, time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    given = _values(scope, b"x-request-id")
    if len(given) == 1 and _SANE_REQUEST_ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return str(uuid7())


def _has_body(scope: Scope) -> bool:
    return any(
        key == b"transfer-encoding" or (key == b"content-length" and value.strip(b"0") != b"")
        for key, value in scope["headers"]
    )


def _conclude(scope: Scope, identifier: str, status: int | None, seconds: float) -> None:
    """`status` is None when the client went away before its answer."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", "unmatched")
    client = scope.get("client")
    metrics.http_requests.labels(route, method, "none" if status is None else str(status)).inc()
    log.info(
        "Request handled",
        method=method,
        path=scope["path"][:256],
        status=status,
        duration_ms=round(seconds * 1000, 3),
        client=client[0][:_ADDRESS_LENGTH] if client else None,
        request_id=identifier,
    )


class ExactPath:
    """A published path has one spelling: routes see the path as it was sent, so `/api/v1/%73ignals` is another."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        await self.app(scope, receive, send)


class BodyLimit:
    """Reads the body, at most `max_bytes` of it, into `scope["state"]["body"]` for those behind."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        declared = _values(scope, b"content-length")
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
                raise state["refusal"]


class JsonOnly:
    """Lets through what says it is JSON in UTF-8 (RFC 8259 section 8.1), uncompressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        types = _values(scope, b"content-type")
        if len(types) != 1 or not _is_json(types[0]) or _values(scope, b"content-encoding"):
            raise UnsupportedMediaType
        await self.app(scope, receive, send)


def _is_json(content_type: bytes) -> bool:
    if content_type == b"application/json":
        return True
    media_type, *parameters = (part.strip().lower() for part in content_type.split(b";"))
    charsets = (text.removeprefix(b"charset=").strip(b'"') for text in parameters if text.startswith(b"charset="))
    return media_type == b"application/json" and all(charset in {b"utf-8", b"utf8"} for charset in charsets)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request: the producer id, proven when signing is on, and the MAC that proved it."""

    producer_id: str | None
    mac: bytes | None


FindSecrets = Callable[[str], Sequence[bytes]]
"""The secrets with which a producer may sign now: none when it is unknown, several while one is being replaced."""


class ProducerAuthentication:
    """Proves who sent the body, and leaves it in `scope["state"]["sender"]`. With `find_secrets` None signing is
    off: the headers are ignored, but for a well-formed producer id, which is recorded."""

    def __init__(self, app: ASGIApp, find_secrets: FindSecrets | None, clock: Clock) -> None:
        self.app = app
        self.find_secrets = find_secrets
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        producer_ids = _values(scope, b"x-producer-id")
        producer_id = _sane_producer_id(producer_ids)
        if self.find_secrets is None:
            scope["state"]["sender"] = Sender(producer_id, None)
            await self.app(scope, receive, send)
            return
        try:
            mac = self._prove(scope, producer_ids, producer_id, self.find_secrets)
        except AuthenticationRefusal as refusal:
            log.warning("hmac_validation", producer_id=producer_id, result="failure", reason=refusal.reason)
            raise
        log.info("hmac_validation", producer_id=producer_id, result="success", reason="valid_signature")
        scope["state"]["sender"] = Sender(producer_id, mac)
        await self.app(scope, receive, send)

    def _prove(
        self, scope: Scope, producer_ids: list[bytes], producer_id: str | None, find_secrets: FindSecrets
    ) -> bytes:
        given = {
            "X-Producer-Id": producer_ids,
            "X-Timestamp": _values(scope, b"x-timestamp"),
            "X-Signature": _values(scope, b"x-signature"),
        }
        if any(len(values) > 1 for values in given.values()):
            raise HeaderRepeated
        if missing := [name for name, values in given.items() if not values]:
            raise HeaderMissing(missing)
        if producer_id is None:
            raise ProducerIdInvalid
        body, timestamp, signature = scope["state"]["body"], given["X-Timestamp"][0], given["X-Signature"][0]
        return self._verify(
            Presented(body, timestamp, producer_id.encode("ascii"), signature), find_secrets(producer_id)
        )

    def _verify(self, request: Presented, secrets: Sequence[bytes]) -> bytes:
        now = self.clock()
        try:
            signing.check_window(request.timestamp, now)
            return signing.verify(secrets, request.body, request.timestamp, request.producer_id, request.signature)
        except ProofRefusal as refusal:
            refusal.extra = doctor.examine(refusal, request, secrets, now)
            raise


def _sane_producer_id(values: Sequence[bytes]) -> str | None:
    well_formed = len(values) == 1 and _SANE_PRODUCER_ID.fullmatch(values[0])
    return values[0].decode("ascii") if well_formed else None
