"""The audit trail of what was stored: each signal has its line and is counted, however late that came to be known."""

from service.kernel import metrics
from service.kernel.logs import log
from service.receipts.statement import NewSignal, Stored

SIDES = ("buy", "sell")


class Journal:
    """Tells of stored signals in the log and in the metrics."""

    def __init__(self) -> None:
        self._labels = metrics.InstrumentLabels(metrics.shared_directory())

    def answered(self, signal: NewSignal, stored: Stored, seconds: float) -> None:
        """The request is told now, so many seconds after it was proven."""
        log.info(_told(stored), **_facts(signal, stored))
        if stored.new:
            self._count(signal)
            metrics.create_seconds.observe(seconds)
        elif not stored.replayed:
            metrics.duplicates_returned.inc()

    def answered_in_batch(self, signal: NewSignal, stored: Stored) -> None:
        """The same for a signal that came with others: what was stored before is told with its request."""
        if stored.new:
            log.info("Signal created", **_facts(signal, stored))
            self._count(signal)
        elif not stored.replayed:
            log.info("Duplicate returned", **_facts(signal, stored))
            metrics.duplicates_returned.inc()

    def committed(self, signals: int, seconds: float) -> None:
        """So many signals shared a commit, which took so long."""
        metrics.batch_rows.observe(signals)
        metrics.commit_seconds.observe(seconds)

    def late(self, signal: NewSignal, stored: Stored, request_id: str | None) -> None:
        """The request was answered before, with something else."""
        if not stored.new:
            return
        log.warning("Signal stored late", **_facts(signal, stored), request_id=request_id)
        self._count(signal)
        metrics.signals_stored_late.inc()

    def _count(self, signal: NewSignal) -> None:
        label = self._labels.label(signal.instrument)
        metrics.ingested(label, SIDES[signal.side]).inc()
        if signal.approval == "required":
            metrics.signals_waiting.labels(label).inc()


def _told(stored: Stored) -> str:
    if stored.new:
        return "Signal created"
    return "Signal replayed" if stored.replayed else "Duplicate returned"


def _facts(signal: NewSignal, stored: Stored) -> dict[str, str | int | None]:
    return {
        "signal_id": str(stored.id),
        "instrument": signal.instrument,
        "side": signal.side,
        "producer_id": signal.producer_id,
    }
