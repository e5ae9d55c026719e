"""Every counter and histogram of the service, declared once."""

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import TextIO

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

disable_created_metrics()  # type: ignore[no-untyped-call]

INSTRUMENTS_MAX = 100
"""How many instruments get a label value of their own; a producer could name billions."""

SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which several worker processes share their figures (prometheus_client's name)."""


def shared_directory() -> Path | None:
    """Where worker processes share their figures, or None when there is only one process."""
    path = os.environ.get(SHARED_DIRECTORY)
    return Path(path) if path else None


def _take_place(shared: Path) -> tuple[int, TextIO]:
    """The first place in the shared directory that no living process has, and the file whose lock holds it until this
    process ends, however it ends. Whoever takes a place goes on from what was counted there before."""
    for number in count():
        file = (shared / f"place-{number}").open("a")
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mark_process_dead(number)  # type: ignore[no-untyped-call]
            return number, file
        file.close()
    raise AssertionError("there is always one more place")


_shared = shared_directory()
if _shared is not None:
    # Named by process id, as the library does by itself, the files of all that ever ran would be read at each scrape.
    _place, _held = _take_place(_shared)
    values.ValueClass = values.MultiProcessValue(lambda: _place)  # type: ignore[no-untyped-call]

signals_ingested = Counter("signals_ingested", "Signals stored", ["instrument", "side"])
signals_waiting = Counter("signals_waiting", "Signals stored that need approval", ["instrument"])
signals_stored_late = Counter("signals_stored_late", "Signals stored after their request was answered otherwise")
signals_rejected = Counter("signals_rejected", "Requests refused, by code", ["code"])
duplicates_returned = Counter("signals_duplicates_returned", "Signals answered with an earlier one that said the same")
create_seconds = Histogram(
    "signals_create_seconds",
    "Seconds from a proven signal to its commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
queue_rows = Gauge(
    "signals_queue_rows", "Signals that were handed over and are not answered", multiprocess_mode="livesum"
)
queue_bytes = Gauge("signals_queue_bytes", "The bytes of their payloads", multiprocess_mode="livesum")
pool_in_use = Gauge("signals_pool_in_use", "Database connections in use", multiprocess_mode="livesum")
batch_rows = Histogram("signals_batch_rows", "Signals that shared a commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
commit_seconds = Histogram(
    "signals_commit_seconds",
    "Seconds that the commit of a batch took",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
background_failures = Counter("signals_background_failures", "Background work that failed, by its name", ["work"])
database_clock = Gauge(
    "signals_database_clock_seconds", "How far the clock of the database is ahead", multiprocess_mode="mostrecent"
)
http_requests = Counter("http_requests", "Requests answered", ["route", "method", "status"])
spans_ended = Counter("signals_spans_ended", "Parts of traces that were recorded")
spans_sent = Counter("signals_spans_sent", "Those of them that the collector has taken")
log_lines_dropped = Counter("signals_log_lines_dropped", "Log lines that could not be written")
build_info = Gauge("signals_build_info", "Always 1", ["version", "build", "env"], multiprocess_mode="mostrecent")

proofs = Counter("signals_proofs", "Signatures that were looked at, by result and reason", ["result", "reason"])
keyring_read = Gauge(
    "signals_keyring_read_timestamp_seconds",
    "When a process last knew all keys of all producers, in Unix time",
    multiprocess_mode="livemin",
)
keyring_producers = Gauge("signals_keyring_producers", "Producers that are registered", multiprocess_mode="livemin")
keyring_shut = Gauge("signals_keyring_shut", "Keys that do not open", multiprocess_mode="livemax")
keyring_ending = Gauge(
    "signals_keyring_ending", "Producers none of whose keys is good for a day more", multiprocess_mode="livemax"
)
keyring_listening = Gauge("signals_keyring_listening", "1 while changes are announced", multiprocess_mode="livemin")
keyring_listeners = Counter("signals_keyring_listeners", "Connections opened to be told of changes")
keyring_differences = Counter("signals_keyring_differences", "Producers that were found changed without a count")

producers_limited = Gauge(
    "signals_producers_limited", "Producers that send more than their rate", multiprocess_mode="livemax"
)
rate_exchanges = Counter("signals_rate_exchanges", "Statements with which rates are kept by all processes together")
rate_unanswered = Counter("signals_rate_unanswered", "Requests whose rate the database did not tell in time")

streams = Gauge("signals_streams", "Streams and waiting requests that are open", multiprocess_mode="livesum")
feed_lag = Gauge(
    "signals_feed_lag_seconds",
    "For how long stored signals have been kept from readers by an older transaction",
    multiprocess_mode="livemax",
)
standby_lag = Gauge(
    "signals_standby_lag_seconds", "How far the standby that is read lags behind", multiprocess_mode="livemax"
)
standby_reads = Counter("signals_standby_reads", "Reads that were for the standby, by what became of them", ["result"])
streams_ended = Counter("signals_streams_ended", "Streams that have ended, by reason", ["reason"])
streams_behind = Counter("signals_streams_behind", "How often a stream fell behind its process")
stream_events = Counter("signals_stream_events", "Signals written to streams that were in step")
decisions = Counter("signals_decisions", "Decisions that were answered, by the status decided", ["status"])
expired = Counter("signals_expired", "Signals closed because they had expired")
expired_open = Gauge(
    "signals_expired_open_seconds",
    "How long ago the oldest of those signals expired that are not closed",
    multiprocess_mode="mostrecent",
)
archived = Counter("signals_archived", "Signals of months that were archived")
months_ahead = Gauge("signals_months_ahead", "Months to come that have a table", multiprocess_mode="mostrecent")
outside_months = Gauge("signals_outside_months", "Signals of no month, up to 10000", multiprocess_mode="mostrecent")
reader_tokens = Counter("signals_reader_tokens", "Tokens of readers that were looked at, by result", ["result"])
readers_read = Gauge(
    "signals_readers_read_timestamp_seconds",
    "When a process last knew all readers, in Unix time",
    multiprocess_mode="livemin",
)
readers = Gauge("signals_readers", "Readers that have a token", multiprocess_mode="livemin")

# To look up the figure behind labels takes longer than to count, and every request counts under the same ones.
ingested = cache(signals_ingested.labels)
answered = cache(http_requests.labels)
refused = cache(signals_rejected.labels)
proved = cache(proofs.labels)


class InstrumentLabels:
    """Gives the first hundred instruments their own label value, and `other` to the rest.

    With several worker processes the hundred are agreed in a file of their shared directory.
    """

    def __init__(self, shared: Path | None) -> None:
        self._file = shared / "instruments" if shared else None
        self._known: set[str] = set()

    def label(self, instrument: str) -> str:
        """The label value for an instrument, the same in every process and for as long as they run."""
        if instrument not in self._known and len(self._known) < INSTRUMENTS_MAX:
            self._admit(instrument)
        return instrument if instrument in self._known else "other"

    def _admit(self, instrument: str) -> None:
        if self._file is None:
            self._known.add(instrument)
            return
        with self._file.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self._known.update(file.read().split())
            if instrument not in self._known and len(self._known) < INSTRUMENTS_MAX:
                file.write(f"{instrument}\n")
                self._known.add(instrument)


def exposition() -> tuple[bytes, str]:
    """All figures of all worker processes in the Prometheus text format, and its content type."""
    return generate_latest(_everything()), CONTENT_TYPE_LATEST


def totals(labels: Mapping[Counter, str]) -> list[dict[str, int]]:
    """How far counters of all worker processes together have come, each by the values of one of its labels. They are
    collected once, which reads the files of all processes."""
    wanted = {next(iter(counter.describe())).name: label for counter, label in labels.items()}
    found: dict[str, dict[str, int]] = {name: {} for name in wanted}
    for family in _everything().collect():
        for sample in family.samples if family.name in wanted else ():
            if sample.name == f"{family.name}_total":
                counts, value = found[family.name], sample.labels[wanted[family.name]]
                counts[value] = counts.get(value, 0) + int(sample.value)
    return [*found.values()]


def _everything() -> CollectorRegistry:
    shared = shared_directory()
    if shared is None:
        return REGISTRY
    _forget_the_dead(shared)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _forget_the_dead(shared: Path) -> None:
    """A worker process that has ended leaves its gauges behind, which say how things are and not how they were."""
    for place in shared.glob("place-*"):
        with place.open() as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mark_process_dead(int(place.name.rpartition("-")[2]))  # type: ignore[no-untyped-call]
