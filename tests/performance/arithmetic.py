"""The benchmark's own sums: what wrk and pgbench printed, medians, percentiles and ratios."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

WRK_RESULT = "RESULT "


class InvalidRun(Exception):
    """A run that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one measured run came to; what the server's processor did for each request, where that was looked at."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    processor_us: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """Several runs of the same thing: medians, and the slowest and fastest of them."""

    per_second: float
    lowest: float
    highest: float
    p50_ms: float
    p99_ms: float
    processor_us: float | None = None


def summarise(runs: Sequence[Run]) -> Summary:
    """The medians of at least one run."""
    rates = [run.per_second for run in runs]
    costs = [run.processor_us for run in runs if run.processor_us is not None]
    return Summary(
        per_second=median(rates),
        lowest=min(rates),
        highest=max(rates),
        p50_ms=median(run.p50_ms for run in runs),
        p99_ms=median(run.p99_ms for run in runs),
        processor_us=median(costs) if costs else None,
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def ratio(ours: float, theirs: float) -> float:
    """How many times `theirs` fits into `ours`; infinite when theirs is nothing."""
    return ours / theirs if theirs else float("inf")


def parse_wrk(output: str, *, may_repeat: bool = False) -> Run:
    """The run that drive.lua reported.

    Raises InvalidRun when there is no report, when an answer was no success, when a connection failed, or, unless
    `may_repeat`, when the signed requests ran out before the time did and were sent again.
    """
    found = [line for line in output.splitlines() if line.startswith(WRK_RESULT)]
    if not found:
        raise InvalidRun(f"wrk reported nothing: {output.strip()[-500:]}")
    report = json.loads(found[0].removeprefix(WRK_RESULT))
    faults = {name: count for name, count in report["errors"].items() if count}
    if report["repeated"] and not may_repeat:
        raise InvalidRun("the signed requests ran out before the time did")
    if faults:
        raise InvalidRun(f"wrk counted failures: {faults}")
    if not report["requests"]:
        raise InvalidRun("not one request was answered")
    return Run(
        requests=report["requests"],
        per_second=report["requests"] / (report["duration_us"] / 1_000_000),
        p50_ms=report["p50_us"] / 1000,
        p99_ms=report["p99_us"] / 1000,
    )


def parse_pgbench(output: str, log: Iterable[str]) -> Run:
    """The run behind pgbench's report and its transaction log: `client_id transaction_no time_us ...` a line.

    The rate leaves out the time that the connections took to open, as for the others. Raises InvalidRun when there
    is no rate, no transaction, or a failed one.
    """
    rate = re.search(r"^tps = ([0-9.]+) \(without initial connection time\)$", output, re.MULTILINE)
    latencies = [int(line.split()[2]) / 1000 for line in log]
    if rate is None or not latencies or "failed transactions: 0 " not in output:
        raise InvalidRun(f"pgbench measured nothing: {output.strip()[-500:]}")
    return Run(
        requests=len(latencies),
        per_second=float(rate[1]),
        p50_ms=percentile(latencies, 50),
        p99_ms=percentile(latencies, 99),
    )


def check_stored(rows: int, run: Run, connections: int) -> None:
    """Raises InvalidRun unless each answer has its row; a request that was cut off at the end may have one too."""
    if not run.requests <= rows <= run.requests + connections:
        raise InvalidRun(f"{run.requests} signals were acknowledged, {rows} are in the table")


def spread(values: Sequence[float]) -> float:
    """How far the least of `values` lies below the greatest, as a share of the greatest."""
    return 1 - min(values) / max(values)
