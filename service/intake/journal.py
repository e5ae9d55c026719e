"""The audit trail of what was stored: each signal has its line and is counted, however late that came to be known."""

from collections.abc import Collection, Iterable

from service.intake.queue import Waiting
from service.kernel import metrics
from service.kernel.logs import Fields, log
from service.kernel.tracing import Attempted, Trace
from service.receipts.statement import Approval, NewSignal, Stored

SIDES = ("buy", "sell")


class Journal:
    """Tells of stored signals in the log and in the metrics, and of commits to `attempted`, if there is tracing."""

    def __init__(self, attempted: Attempted | None = None) -> None:
        self._attempted = attempted
        self._labels = metrics.InstrumentLabels(metrics.shared_directory())
        for side in SIDES:
            metrics.ingested("other", side)

    def answered(self, signal: NewSignal, stored: Stored, seconds: float) -> None:
        """The request is told now, so many seconds after it was proven."""
        log.info(_told(stored), **_facts(signal, stored))
        if stored.new:
            self.count(signal.instrument, signal.side, signal.approval)
            metrics.create_seconds.observe(seconds)
        elif not stored.replayed:
            metrics.duplicates_returned.inc()

    def answered_in_batch(self, signals: Iterable[tuple[NewSignal, Stored]]) -> None:
        """The same for signals that came together, where what is new is counted apart. What was stored before is told
        with its request."""
        new, duplicates = list[Fields](), list[Fields]()
        for signal, stored in signals:
            if not stored.replayed:
                (new if stored.new else duplicates).append(_facts(signal, stored))
        log.info_each("Signal created", new)
        log.info_each("Duplicate returned", duplicates)
        metrics.duplicates_returned.inc(len(duplicates))

    def count(self, instrument: str, side: int, approval: Approval, number: int = 1) -> None:
        """So many are new that are the same in this."""
        label = self._labels.label(instrument)
        metrics.ingested(label, SIDES[side]).inc(number)
        if approval == "required":
            metrics.signals_waiting.labels(label).inc(number)

    def committed(self, batch: Collection[Waiting], seconds: float) -> None:
        """These signals shared a commit, which took so long."""
        metrics.batch_rows.observe(len(batch))
        metrics.commit_seconds.observe(seconds)
        self._trace(batch, seconds, None)

    def failed(self, batch: Collection[Waiting], seconds: float, error: Exception) -> None:
        """They were to share a commit, which failed after so long."""
        self._trace(batch, seconds, error)

    def _trace(self, batch: Collection[Waiting], seconds: float, error: Exception | None) -> None:
        if self._attempted is not None:
            self._attempted([each.trace for each in batch if each.trace is not None], seconds, error)

    def late(self, signal: NewSignal, stored: Stored, request_id: str | None, trace: Trace | None = None) -> None:
        """The request was answered before, with something else."""
        if not stored.new:
            return
        traced = {"trace_id": trace.id} if trace else {}
        log.warning("Signal stored late", **_facts(signal, stored), request_id=request_id, **traced)
        self.count(signal.instrument, signal.side, signal.approval)
        metrics.signals_stored_late.inc()


def _told(stored: Stored) -> str:
    if stored.new:
        return "Signal created"
    return "Signal replayed" if stored.replayed else "Duplicate returned"


def _facts(signal: NewSignal, stored: Stored) -> Fields:
    return {
        "signal_id": str(stored.id),
        "instrument": signal.instrument,
        "side": signal.side,
        "producer_id": signal.producer_id,
    }
