"""The endpoint that takes one signal: parse, one call, one answer."""

import time
from datetime import timedelta

from starlette.types import Receive, Scope, Send

from service.http import strict_json
from service.intake.errors import ValidationFailed
from service.intake.journal import Journal
from service.intake.signal import SignalCreate, created, parse_signal
from service.intake.statement import NewSignal, Stored
from service.intake.terms import Terms
from service.intake.writer import Writer
from service.kernel.limits import Limits
from service.proof.authentication import Sender
from service.settings import Settings


class CreateSignal:
    """POST /api/v1/signals. An ASGI object, since the hot path needs no Request: the guards left all it takes."""

    def __init__(self, settings: Settings, limits: Limits, writer: Writer, journal: Journal, terms: Terms) -> None:
        self.terms = terms
        self.payload_max_bytes = settings.signals_payload_max_bytes
        self.receipt_lifetime = timedelta(seconds=limits.receipt_seconds)
        self.writer = writer
        self.journal = journal

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body, sender = scope["state"]["body"], scope["state"]["sender"]
        # The parsed payload is let go before the wait: a crowd of them would keep the garbage collector busy.
        signal = self._new_signal(parse_signal(body, self.payload_max_bytes), body, sender)
        refusal = scope["state"].get("refusal") or self._untimely(signal)
        stored = await self.writer.store(signal, refusal)
        scope["state"]["replayed"] = stored.replayed
        self.journal.answered(signal, stored, time.perf_counter() - started)
        await _answer_created(stored, send)

    def _untimely(self, signal: NewSignal) -> ValidationFailed | None:
        """Why the signal cannot be taken now. A resend may have been taken when it could, so that is looked for."""
        try:
            self.terms.check(signal)
        except ValidationFailed as refusal:
            if signal.receipt_key is None:
                raise
            return refusal
        return None

    def _new_signal(self, signal: SignalCreate, body: bytes, sender: Sender) -> NewSignal:
        return NewSignal(
            producer_id=sender.producer_id,
            instrument=signal.instrument,
            side=signal.side,
            time=signal.time,
            payload=None if signal.payload is None else strict_json.payload(body),
            version=signal.version,
            receipt_key=sender.mac,
            receipt_expires_at=sender.signed_at and sender.signed_at + self.receipt_lifetime,
            key_id=sender.key_id,
            expires_at=signal.expires_at,
            expire_after=self.terms.expire_after,
            approval=self.terms.approval(sender.producer_id),
        )


async def _answer_created(stored: Stored, send: Send) -> None:
    body = created(stored.id, stored.created_at)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if stored.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
