"""The one JSON shape of every refusal, its log line and its count, whoever refuses."""

from collections.abc import Mapping

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.errors import MethodNotAllowed, NotFound
from service.kernel import metrics
from service.kernel.errors import InternalError, Refusal
from service.kernel.logs import log, request_id


def refuse(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells the client, logged and counted. `headers` stand in for those of the refusal."""
    if isinstance(refusal, InternalError):
        log.error("Request failed", code=refusal.code, status=refusal.status)
        metrics.refused(refusal.code).inc()
    else:
        tell_refused(refusal)
    content = {"code": refusal.code, "detail": refusal.detail, "request_id": request_id.get(), **refusal.extra}
    link = {"Link": f'</docs/errors#{refusal.code}>; rel="help"'}  # RFC 8288
    answer_headers = {**(refusal.answer_headers if headers is None else headers), **link}
    return Response(orjson.dumps(content), refusal.status, answer_headers, media_type="application/json")


def tell_refused(refusal: Refusal, **where: int) -> None:
    """The line and the count of a signal that is refused; of one among others, with its place."""
    log.warning("Signal refused", code=refusal.code, status=refusal.status, fields=refusal.fields, **where)
    metrics.refused(refusal.code).inc()


def refuse_for(error: Exception) -> Response:
    """The answer to a request whose handling ended with `error`: a refusal, or Starlette's own 404 or 405, or, if it
    is anything else, an internal error that tells nothing of it."""
    match error:
        case Refusal():
            return refuse(error)
        case HTTPException(status_code=NotFound.status):
            return refuse(NotFound())
        case HTTPException():
            return refuse(MethodNotAllowed(), error.headers)
        case _:
            return refuse(InternalError())


def refusing(refusal: Refusal) -> ASGIApp:
    """An application that refuses whatever it is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(refusal)(scope, receive, send)

    return app
