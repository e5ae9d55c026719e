"""`make scale`: the arithmetic of docs/scale.md, from the figures of `make bench-footprint` in docs/performance.md.

A test holds the two documents together, so that figures which were measured anew are reckoned with anew.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path

from tests.performance.bench import DOCUMENT
from tests.performance.footprint import TITLES, Footprint
from tests.performance.report import table, write_section
from tests.running.environment import ROOT

SCALE = ROOT / "docs" / "scale.md"

SIGNALS_A_DAY = 100_000_000
PEAK = 10
"""So many times the average comes in the busiest second."""
BUSY = 0.5
"""The share of a processor, a disk or a network that is planned with; the rest is for readers, vacuum and bad days."""
COPIES = 3
"""A primary and two standbys."""
CORES = (4, 16, 64)
NETWORK_BITS = 10e9
RECEIPT_SECONDS = 900
DAY_SECONDS, YEAR_DAYS, MONTH_DAYS = 86_400, 365, 30
TERABYTE = 1e12

Footprints = Mapping[int, Footprint]
"""By the bytes of a body."""


def read_footprints(document: str) -> Footprints:
    """The figures that `make bench-footprint` has written. Raises ValueError when they are not there."""
    section = document.partition("<!-- footprint:begin -->")[2].partition("<!-- footprint:end -->")[0]
    sizes = [int(_number(size)) for size in re.findall(r"([\d,]+)-byte bodies", section)]
    columns = {name: _row(section, title) for name, title in TITLES.items()}
    if not sizes or any(len(column) != len(sizes) for column in columns.values()):
        raise ValueError("docs/performance.md has no figures of `make bench-footprint`")
    return {
        size: Footprint(**{field.name: columns[field.name][place] for field in fields(Footprint)})
        for place, size in enumerate(sizes)
    }


def _row(section: str, title: str) -> list[float]:
    found = re.search(rf"^\| {re.escape(title)} \|(.*)\|$", section, re.MULTILINE)
    return list(map(_number, found[1].split("|"))) if found else []


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def fastest(document: str) -> dict[int, float]:
    """The most signals a second that `make bench` has measured of the service, by the bytes of a body."""
    found: dict[int, list[float]] = defaultdict(list)
    for size, rows in re.findall(r"^### .*?([\d,]+)-byte bodies\n(.*?)(?=^#|\Z)", document, re.MULTILINE | re.DOTALL):
        for ours in re.findall(r"^\| \*\*this service\*\* \|(.*)$", rows, re.MULTILINE):
            found[int(_number(size))] += map(_number, re.findall(r"([\d,]+) \(", ours))
    return {size: max(rates) for size, rates in found.items()}


@dataclass(frozen=True, slots=True)
class Primary:
    """What one primary takes at most, in signals a second, if nothing but its processor or its network limits it."""

    footprint: Footprint
    cores: int

    @property
    def by_processor(self) -> float:
        """The database alone on its machine."""
        return self.cores * BUSY * 1e6 / self.footprint.postgresql_us

    @property
    def by_network(self) -> float:
        """The log goes to each of the standbys."""
        return NETWORK_BITS / 8 * BUSY / (self.footprint.wal * (COPIES - 1))

    @property
    def signals_a_second(self) -> float:
        """The lesser of both."""
        return min(self.by_processor, self.by_network)


@dataclass(frozen=True, slots=True)
class Year:
    """What a year of so many signals a day needs."""

    footprint: Footprint
    signals_a_day: int = SIGNALS_A_DAY

    @property
    def average(self) -> float:
        """Signals a second."""
        return self.signals_a_day / DAY_SECONDS

    @property
    def peak(self) -> float:
        """Signals in the busiest second."""
        return self.average * PEAK

    @property
    def service_cores(self) -> int:
        """In the busiest second, over all machines of the service."""
        return ceil(self.peak * self.footprint.service_us / 1e6 / BUSY)

    @property
    def database_cores(self) -> int:
        """In the busiest second, of all primaries together."""
        return ceil(self.peak * self.footprint.postgresql_us / 1e6 / BUSY)

    def clusters(self, cores: int) -> int:
        """How many primaries of so many cores the busiest second needs."""
        return ceil(self.peak / Primary(self.footprint, cores).signals_a_second)

    @property
    def month(self) -> float:
        """Bytes of a month's signals on one machine."""
        return self.signals_a_day * MONTH_DAYS * self.footprint.signal

    @property
    def year(self) -> float:
        """Bytes of a year's signals on one machine."""
        return self.signals_a_day * YEAR_DAYS * self.footprint.signal

    @property
    def receipts(self) -> float:
        """Bytes of receipts on one machine, after fifteen minutes as busy as the busiest second."""
        return self.peak * RECEIPT_SECONDS * self.footprint.receipt

    @property
    def log_a_day(self) -> float:
        """Bytes of log that the primaries write in a day, and an archive of them keeps."""
        return self.signals_a_day * self.footprint.wal

    @property
    def network_bits(self) -> float:
        """In the busiest second, from producers."""
        return self.peak * self.footprint.request * 8


def costs(footprints: Footprints) -> str:
    """What a signal costs."""
    return _columns("for each signal", footprints, {
        title: [f"{getattr(footprint, name):,.0f}" for footprint in footprints.values()]
        for name, title in TITLES.items()
    })  # fmt: skip


def primaries(footprints: Footprints, measured: Mapping[int, float]) -> str:
    """What one primary takes, by its cores, below what was measured."""
    rows = {"measured, where all share 2 cores": [f"{measured[size]:,.0f}" for size in footprints]}
    for cores in CORES:
        rows[f"{cores} cores"] = [_primary(Primary(footprint, cores)) for footprint in footprints.values()]
    return _columns("signals a second", footprints, rows)


def _primary(primary: Primary) -> str:
    limit = "processor" if primary.by_processor <= primary.by_network else "network"
    return f"{_rounded(primary.signals_a_second)}, then the {limit} ends it"


def year(footprints: Footprints) -> str:
    """What a year needs."""
    years = [Year(footprint) for footprint in footprints.values()]
    rows = {
        "signals a second, on average": [_rounded(one.average) for one in years],
        "signals in the busiest second": [_rounded(one.peak) for one in years],
        "cores of the service": [str(one.service_cores) for one in years],
        "cores of PostgreSQL, primaries alone": [str(one.database_cores) for one in years],
        **{f"clusters of {cores} cores": [str(one.clusters(cores)) for one in years] for cores in CORES},
        "network from producers, Mbit/s": [_rounded(one.network_bits / 1e6) for one in years],
        "log of the database, TB a day": [_terabytes(one.log_a_day) for one in years],
        "disk for a month, TB on each machine": [_terabytes(one.month) for one in years],
        "disk for a year, TB on each machine": [_terabytes(one.year) for one in years],
        f"the same on {COPIES} machines, TB": [_terabytes(one.year * COPIES) for one in years],
        "disk for receipts, TB on each machine": [_terabytes(one.receipts) for one in years],
    }
    return _columns(f"{SIGNALS_A_DAY:,} signals a day", footprints, rows)


def _columns(head: str, footprints: Footprints, rows: Mapping[str, Iterable[str]]) -> str:
    header = [head, *(f"{size:,}-byte bodies" for size in footprints)]
    return table(header, ([title, *cells] for title, cells in rows.items()))


def _rounded(value: float) -> str:
    """Two digits that count: more would claim what nobody knows."""
    return f"{float(f'{value:.2g}'):,.0f}"


def _terabytes(value: float) -> str:
    return f"{float(f'{value / TERABYTE:.2g}'):,g}"


def sections(performance: str) -> dict[str, str]:
    """The tables of docs/scale.md, by the names of their marks. Raises ValueError when there are no figures."""
    footprints = read_footprints(performance)
    return {
        "costs": costs(footprints),
        "primaries": primaries(footprints, fastest(performance)),
        "year": year(footprints),
    }


def main(arguments: Sequence[str]) -> int:
    """Writes the tables into the document that is named, or into docs/scale.md."""
    document = Path(arguments[0]) if arguments else SCALE
    for name, text in sections(DOCUMENT.read_text(encoding="utf-8")).items():
        write_section(document, name, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
