"""The outermost layer: every request is answered, and every answer has a request id, a log line and a metric."""

import re
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from service.http.answers import refuse_for
from service.http.headers import REQUEST_ID_FORM, values
from service.kernel import metrics
from service.kernel.errors import Refusal
from service.kernel.logs import log, request_id

_SANE_REQUEST_ID = re.compile(REQUEST_ID_FORM.encode())
_ADDRESS_LENGTH = 45
"""The longest that an IPv6 address can be. A trusted proxy that sends something else is not a reason to log it all."""

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class RequestContext:
    """Gives every answer its request id, its closing log line and its metric, and turns what is raised within into a
    refusal. There is no Starlette application around the routes: its own layers for errors would be two more on the
    way of each answer, and answer in plain text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        started = time.perf_counter()
        identifier = _request_id(scope)
        request_id.set(identifier)
        scope["app"] = self  # where there is one, Starlette's routes raise their 404 and 405
        status: int | None = None

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = scope.get("state", {}).get("headers", ())
                message["headers"] = [*message["headers"], (b"x-request-id", identifier.encode()), *told]
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        except Exception as error:
            if status is None:
                await refuse_for(error)(scope, receive, send_marked)
            if not isinstance(error, Refusal | HTTPException):
                log.error("Unexpected exception", exception=error)
        finally:
            request_id.set(None)
            _conclude(scope, identifier, status, time.perf_counter() - started)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From start to stop: the server tells no more than that it failed."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            log.error("Start or stop failed", exception=error)
            raise


def _request_id(scope: Scope) -> str:
    given = values(scope, b"x-request-id")
    if len(given) == 1 and _SANE_REQUEST_ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return str(uuid7())


def _conclude(scope: Scope, identifier: str, status: int | None, seconds: float) -> None:
    """`status` is None when the client went away before its answer."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = getattr(scope.get("route"), "path", "unmatched")
    client = scope.get("client")
    metrics.answered(route, method, "none" if status is None else str(status)).inc()
    log.info(
        "Request handled",
        method=method,
        path=scope["path"][:256],
        status=status,
        duration_ms=round(seconds * 1000, 3),
        client=client[0][:_ADDRESS_LENGTH] if client else None,
        request_id=identifier,
    )
