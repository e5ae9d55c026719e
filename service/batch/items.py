"""Each item of a batch, checked as it is when it comes alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from service.batch.envelope import Envelope
from service.http import strict_json
from service.intake.errors import ValidationFailed
from service.intake.signal import Freshness, check_signal
from service.kernel.errors import Refusal
from service.kernel.timestamps import Clock
from service.proof.authentication import Sender
from service.receipts.recognition import Recognition
from service.receipts.statement import NewSignal
from service.settings import Settings


@dataclass(slots=True)
class Item:
    """A good signal with the id that it will have, or why it is refused; both, where it may have been taken in an
    earlier request although it cannot be taken now."""

    signal: NewSignal | None
    refusal: Refusal | None = None
    id: UUID = field(default_factory=uuid7)


class Items:
    """Checks items by the rules for single signals."""

    def __init__(self, settings: Settings, clock: Clock, recognition: Recognition) -> None:
        seconds = settings.signals_time_max_age_seconds
        self._freshness = Freshness(timedelta(seconds=seconds) if seconds else None)
        self._payload_max_bytes = settings.signals_payload_max_bytes
        self._clock = clock
        self._recognition = recognition

    def check(self, envelope: Envelope, sender: Sender) -> Iterator[Item]:
        """The items in their order, each when it is asked for: there may be many."""
        now = self._clock()
        for place, (value, written) in enumerate(zip(envelope.values, envelope.written, strict=True)):
            signal = None
            try:
                signal = self._check(value, bytes(written), sender, suspicious=envelope.suspicious)
                content = self._recognition.by_content(signal, sender)
                signal = signal if content is None else replace(signal, content=content)
                self._freshness.check(signal.time, now)
                yield Item(signal)
            except ValidationFailed as refusal:
                yield Item(signal, at_place(refusal, place))
            except Refusal as refusal:
                yield Item(None, refusal)

    def _check(self, value: Any, written: bytes, sender: Sender, *, suspicious: bool) -> NewSignal:
        if isinstance(value, Refusal):
            raise value
        checked = check_signal(value, written, self._payload_max_bytes, suspicious=suspicious)
        payload = None if checked.payload is None else strict_json.payload(written)
        return NewSignal(
            producer_id=sender.producer_id,
            instrument=checked.instrument,
            side=checked.side,
            time=checked.time,
            payload=payload,
            version=checked.version,
            receipt_key=None,
            key_id=sender.key_id,
        )


def at_place(refusal: ValidationFailed, place: int) -> ValidationFailed:
    """The same faults, where they are in the batch."""
    return ValidationFailed(
        [{**fault, "loc": ["body", "signals", place, *fault["loc"][1:]]} for fault in refusal.faults]
    )
