"""The endpoint that takes one signal: parse, one call, one answer."""

import time
from datetime import timedelta

from starlette.types import Receive, Scope, Send

from service.http.errors import ValidationFailed
from service.intake.journal import Journal
from service.intake.signal import created, parse_signal
from service.intake.terms import Terms
from service.intake.writer import Writer
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.receipts.recognition import DuplicatesOf, Recognition
from service.receipts.statement import NewSignal, Stored
from service.settings import Settings


class CreateSignal:
    """POST /api/v1/signals. An ASGI object, since the hot path needs no Request: the guards left all it takes."""

    def __init__(
        self,
        settings: Settings,
        limits: Limits,
        writer: Writer,
        journal: Journal,
        terms: Terms,
        duplicates_of: DuplicatesOf,
    ) -> None:
        self.recognition = Recognition("signals", settings, limits, duplicates_of)
        self.terms = terms
        self.payload_max_bytes = settings.signals_payload_max_bytes
        self.receipt_lifetime = timedelta(seconds=limits.receipt_seconds)
        self.writer = writer
        self.journal = journal

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body, sender = scope["state"]["body"], scope["state"]["sender"]
        key = self.recognition.by_key(scope, body, sender)
        # The parsed payload is let go before the wait: a crowd of them would keep the garbage collector busy.
        signal = self.terms.new_signal(
            parse_signal(body, self.payload_max_bytes),
            body,
            sender,
            receipt_key=sender.mac,
            receipt_expires_at=sender.signed_at and sender.signed_at + self.receipt_lifetime,
        )
        content = self.recognition.by_content(signal, sender)
        if key is not None or content is not None:
            signal = signal._replace(idempotency=key, content=content)
        stored = await self._store(signal, scope["state"].get("refusal"))
        scope["state"]["replayed"] = stored.replayed
        self.journal.answered(signal, stored, time.perf_counter() - started)
        await _answer(stored, send)

    async def _store(self, signal: NewSignal, beyond_rate: Refusal | None) -> Stored:
        """What cannot be taken now may have been taken when it could, so that is looked for: beyond the rate by the
        signature, which nobody can make anew without being counted."""
        if beyond_rate is not None:
            return await self.writer.store(signal._replace(idempotency=None, content=None), beyond_rate)
        try:
            self.terms.check(signal)
        except ValidationFailed as untimely:
            if signal.receipt_key is None and signal.idempotency is None:
                raise
            return await self.writer.store(signal._replace(content=None), untimely)
        return await self.writer.store(signal)


async def _answer(stored: Stored, send: Send) -> None:
    body = created(stored.id, stored.created_at, differs=bool(stored.differs))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if stored.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    if stored.differs is not None:
        headers.append((b"duplicate-of", str(stored.id).encode()))
    status = 201 if stored.differs is None else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
