"""The audit trail of what was stored: each signal has its line and is counted, however late that came to be known."""

from collections.abc import Callable

from service.intake.statement import NewSignal, Stored
from service.kernel import metrics
from service.kernel.logs import log

SIDES = ("buy", "sell")


class Journal:
    """Tells of stored signals in the log, in the metrics, and to whoever else counts them: `count` is called with the
    instrument and the producer, empty for none."""

    def __init__(self, count: Callable[[str, str], None]) -> None:
        self._count_too = count
        self._labels = metrics.InstrumentLabels(metrics.shared_directory())

    def answered(self, signal: NewSignal, stored: Stored, seconds: float) -> None:
        """The request is told now, so many seconds after it was proven."""
        log.info("Signal replayed" if stored.replayed else "Signal created", **_facts(signal, stored))
        if not stored.replayed:
            self._count(signal)
            metrics.create_seconds.observe(seconds)

    def late(self, signal: NewSignal, stored: Stored, request_id: str | None) -> None:
        """The request was answered before, with something else."""
        if stored.replayed:
            return
        log.warning("Signal stored late", **_facts(signal, stored), request_id=request_id)
        self._count(signal)
        metrics.signals_stored_late.inc()

    def _count(self, signal: NewSignal) -> None:
        metrics.signals_ingested.labels(self._labels.label(signal.instrument), SIDES[signal.side]).inc()
        self._count_too(signal.instrument, signal.producer_id or "")


def _facts(signal: NewSignal, stored: Stored) -> dict[str, str | int | None]:
    return {
        "signal_id": str(stored.id),
        "instrument": signal.instrument,
        "side": signal.side,
        "producer_id": signal.producer_id,
    }
