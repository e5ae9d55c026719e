"""The endpoint that takes one signal: parse, one call, one answer."""

import time
from datetime import timedelta

from starlette.types import Receive, Scope, Send

from service.intake.errors import ValidationFailed
from service.intake.signal import Freshness, SignalCreate, SignalCreated, parse_signal
from service.intake.statement import NewSignal, Stored
from service.intake.writer import Writer
from service.kernel import metrics
from service.kernel.errors import Refusal
from service.kernel.logs import log
from service.kernel.timestamps import Clock
from service.proof.authentication import Sender
from service.settings import Settings

SIDES = ("buy", "sell")


class CreateSignal:
    """POST /api/v1/signals. An ASGI object, since the hot path needs no Request: the guards left all it takes."""

    def __init__(self, settings: Settings, writer: Writer, clock: Clock) -> None:
        seconds = settings.signals_time_max_age_seconds
        self.freshness = Freshness(timedelta(seconds=seconds) if seconds else None)
        self.payload_max_bytes = settings.signals_payload_max_bytes
        self.writer = writer
        self.clock = clock
        self.labels = metrics.InstrumentLabels(metrics.shared_directory())

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        body, sender = scope["state"]["body"], scope["state"]["sender"]
        # The parsed payload is let go before the wait: a crowd of them would keep the garbage collector busy.
        signal = _new_signal(parse_signal(body, self.payload_max_bytes), body, sender)
        refusal = scope["state"].get("refusal") or self._too_old(signal)
        stored = await (self._recall(signal, refusal) if refusal else self.writer.store(signal))
        scope["state"]["replayed"] = stored.replayed
        self._record(signal, stored, time.perf_counter() - started)
        await _answer_created(stored, send)

    def _too_old(self, signal: NewSignal) -> Refusal | None:
        """Why the signal cannot be taken now."""
        try:
            self.freshness.check(signal.time, self.clock())
        except ValidationFailed as refusal:
            return refusal
        return None

    async def _recall(self, signal: NewSignal, refusal: Refusal) -> Stored:
        """What cannot be taken now may have been taken when it could: then it is recalled."""
        earlier = await self.writer.receipts.recall(signal.receipt_key) if signal.receipt_key else None
        if earlier is None:
            raise refusal
        return earlier

    def _record(self, signal: NewSignal, stored: Stored, seconds: float) -> None:
        log.info(
            "Signal replayed" if stored.replayed else "Signal created",
            signal_id=str(stored.id),
            instrument=signal.instrument,
            side=signal.side,
            producer_id=signal.producer_id,
        )
        if not stored.replayed:
            label = self.labels.label(signal.instrument)
            metrics.signals_ingested.labels(label, SIDES[signal.side]).inc()
            metrics.create_seconds.observe(seconds)


def _new_signal(signal: SignalCreate, body: bytes, sender: Sender) -> NewSignal:
    return NewSignal(
        producer_id=sender.producer_id,
        instrument=signal.instrument,
        side=signal.side,
        time=signal.time,
        body=None if signal.payload is None else body,
        version=signal.version,
        receipt_key=sender.mac,
        key_id=sender.key_id,
    )


async def _answer_created(stored: Stored, send: Send) -> None:
    created = SignalCreated(id=stored.id, status=0, created_at=stored.created_at)
    body = created.model_dump_json().encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if stored.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})
