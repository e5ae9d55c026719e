"""Each item of a batch, checked as it is when it comes alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from service.batch.envelope import Envelope
from service.http.errors import ValidationFailed
from service.intake.signal import check_signal
from service.intake.terms import Terms
from service.kernel.errors import Refusal
from service.proof.authentication import Sender
from service.receipts.identifiers import new_id
from service.receipts.recognition import Recognition
from service.receipts.statement import NewSignal
from service.settings import Settings


@dataclass(slots=True)
class Item:
    """A good signal with the id that it will have, or why it is refused; both, where it may have been taken in an
    earlier request although it cannot be taken now."""

    signal: NewSignal | None
    refusal: Refusal | None = None
    id: UUID = field(default_factory=new_id)


class Items:
    """Checks items by the rules for single signals."""

    def __init__(self, settings: Settings, terms: Terms, recognition: Recognition) -> None:
        self._payload_max_bytes = settings.signals_payload_max_bytes
        self._terms = terms
        self._recognition = recognition

    def check(self, envelope: Envelope, sender: Sender) -> Iterator[Item]:
        """The items in their order, each when it is asked for: there may be many."""
        for place, (value, written) in enumerate(zip(envelope.values, envelope.written, strict=True)):
            signal = None
            try:
                signal = self._check(value, bytes(written), sender, suspicious=envelope.suspicious)
                content = self._recognition.by_content(signal, sender)
                signal = signal if content is None else signal._replace(content=content)
                self._terms.check(signal)
                yield Item(signal)
            except ValidationFailed as refusal:
                yield Item(signal, at_place(refusal, place))
            except Refusal as refusal:
                yield Item(None, refusal)

    def _check(self, value: Any, written: bytes, sender: Sender, *, suspicious: bool) -> NewSignal:
        if isinstance(value, Refusal):
            raise value
        checked = check_signal(value, written, self._payload_max_bytes, suspicious=suspicious)
        return self._terms.new_signal(checked, written, sender)


def at_place(refusal: ValidationFailed, place: int) -> ValidationFailed:
    """The same faults, where they are in the batch."""
    return ValidationFailed(
        [{**fault, "loc": ["body", "signals", place, *fault["loc"][1:]]} for fault in refusal.faults]
    )
