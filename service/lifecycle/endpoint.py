"""The endpoint that takes decisions: parse, one call, one answer."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from service.feed.share import answered
from service.http.headers import values
from service.kernel import metrics
from service.kernel.logs import log
from service.lifecycle import condition, decision
from service.lifecycle.deciding import Deciding
from service.lifecycle.decision import Decision
from service.proof.authentication import Sender
from service.readers.filter import Filter
from service.readers.scope import Reader


class Decide:
    """Takes decisions about signals. Guards have told who decides."""

    def __init__(self, deciding: Deciding, on_decided: Callable[[], None]) -> None:
        """`on_decided` is called after each commit."""
        self._deciding = deciding
        self._on_decided = on_decided
        for status in (decision.QUEUED, decision.CLOSED):
            metrics.decisions.labels(str(status))

    async def status(self, request: Request) -> Response:
        """POST /api/v1/signals/{id}/status: make a signal queued or closed; answer with the event that tells it."""
        reader: Reader = request.scope["reader"]
        wanted = _decision(request, reader)
        signal = decision.parse_id(request.path_params["id"])
        with answered():
            decided = await self._deciding.decide(
                signal, wanted, Filter().of(reader), values(request.scope, b"if-match")
            )
        self._on_decided()
        log.info("Signal decided", signal_id=str(signal), status=wanted.status, by=wanted.by, reason=wanted.reason)
        metrics.decisions.labels(str(wanted.status)).inc()
        headers = {"Cache-Control": "no-store", "ETag": condition.tag(decided.state_version)}
        return Response(decided.event, media_type="application/json", headers=headers)


def _decision(request: Request, reader: Reader) -> Decision:
    body: bytes = request.scope["state"]["body"]
    sender: Sender | None = request.scope["state"].get("sender")
    if sender is None:
        return decision.of_reader(body, str(reader.name))
    return decision.of_producer(body, request.path_params["id"], str(sender.producer_id))
