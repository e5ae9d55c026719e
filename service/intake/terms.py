"""On which terms signals are taken: how fresh they must be, when they expire, and whether they need approval."""

from collections.abc import Callable
from datetime import datetime, timedelta

from service.http import strict_json
from service.intake.signal import Freshness, SignalCreate, check_expiry
from service.kernel.timestamps import Clock
from service.proof.authentication import Sender
from service.receipts.statement import Approval, NewSignal
from service.settings import Settings


class Terms:
    """The terms of a service. `clock` judges how fresh a signal is, and the time of the database when it expires;
    `needs_approval` tells of which producers approval is asked, of none where nobody is proven."""

    def __init__(
        self, settings: Settings, clock: Clock, database_time: Clock, needs_approval: Callable[[str], bool] | None
    ) -> None:
        max_age = settings.signals_time_max_age_seconds
        self._expire_after_seconds = settings.signals_expire_after_seconds
        self._freshness = Freshness(timedelta(seconds=max_age)) if max_age else None
        self._clock = clock
        self._database_time = database_time
        self._needs_approval = needs_approval

    def new_signal(
        self,
        signal: SignalCreate,
        written: bytes,
        sender: Sender,
        *,
        receipt_key: bytes | None = None,
        receipt_expires_at: datetime | None = None,
    ) -> NewSignal:
        """A signal of this sender on these terms; `written` is the JSON that it was read from."""
        return NewSignal(
            producer_id=sender.producer_id,
            instrument=signal.instrument,
            side=signal.side,
            time=signal.time,
            payload=None if signal.payload is None else strict_json.payload(written),
            version=signal.version,
            receipt_key=receipt_key,
            receipt_expires_at=receipt_expires_at,
            key_id=sender.key_id,
            expires_at=signal.expires_at,
            expire_after_seconds=self._expire_after_seconds,
            approval=self._approval(sender.producer_id),
        )

    def check(self, signal: NewSignal) -> None:
        """Raises ValidationFailed when a signal cannot be taken now."""
        if self._freshness is not None:
            self._freshness.check(signal.time, self._clock())
        if signal.expires_at is not None:
            check_expiry(signal.expires_at, self._database_time())

    def _approval(self, producer_id: str | None) -> Approval:
        asked = producer_id is not None and self._needs_approval is not None and self._needs_approval(producer_id)
        return "required" if asked else "none"
