"""The arithmetic of docs/scale.md, by figures that can be reckoned in one's head, and by those of docs/performance.md.

Seen red: with a table of the document changed by hand, the standbys forgotten in what the log takes of the network, and
the average in place of the busiest second.
"""

import pytest

from tests.documents.section import replace_section
from tests.performance import footprint, scale
from tests.performance.bench import DOCUMENT
from tests.performance.footprint import Footprint
from tests.performance.scale import SCALE, Primary, Year, fastest, read_footprints, sections

ROUND = Footprint(service_us=100, postgresql_us=50, wal=1000, signal=500, receipt=200, request=700)


def test_the_document_says_what_the_figures_of_today_come_to() -> None:
    expected = text = SCALE.read_text(encoding="utf-8")
    for name, section in sections(DOCUMENT.read_text(encoding="utf-8")).items():
        expected = replace_section(expected, name, section)
    assert text == expected, "run `make scale`"


def test_what_is_written_is_read_again() -> None:
    large = Footprint(*(value * 1000 for value in (1, 2, 3, 4, 5, 6)))
    found = {300: ROUND, 8192: large}
    marked = f"<!-- footprint:begin -->\n\n{footprint.report(found)}\n\n<!-- footprint:end -->"
    assert read_footprints(marked) == found


@pytest.mark.parametrize("document", ["", "<!-- footprint:begin -->\n<!-- footprint:end -->"])
def test_without_figures_nothing_is_reckoned(document: str) -> None:
    with pytest.raises(ValueError, match="make bench-footprint"):
        read_footprints(document)


def test_the_fastest_of_all_settings_is_found() -> None:
    row = "| **this service** | 909 (705 to 983) |  | 1.0 / 3.4 | {} (3,144 to 4,711) | 7.0 / 11.8 |"
    tables = {"One process, 300": "4,588", "2 processes, 300": "4,317", "2 processes, 8,192": "1,603"}
    document = "\n".join(f"### {title}-byte bodies\n{row.format(rate)}\n" for title, rate in tables.items())
    assert fastest(document) == {300: 4588, 8192: 1603}


def test_a_primary_ends_where_its_processor_or_its_network_does() -> None:
    assert Primary(ROUND, 4).signals_a_second == Primary(ROUND, 4).by_processor == 40_000
    assert Primary(ROUND, 64).signals_a_second == Primary(ROUND, 64).by_network == 312_500


def test_a_year_is_reckoned() -> None:
    year = Year(ROUND, signals_a_day=86_400_000)
    assert (year.average, year.peak) == (1000, 10_000)
    assert (year.service_cores, year.database_cores) == (2, 1)
    assert [year.clusters(cores) for cores in (1, 4)] == [1, 1]
    assert Year(ROUND, signals_a_day=864_000_000).clusters(4) == 3
    assert year.month == 86_400_000 * 30 * 500
    assert year.year == 86_400_000 * 365 * 500
    assert year.receipts == 10_000 * 900 * 200
    assert year.log_a_day == 86.4e9
    assert year.network_bits == 56e6


def test_figures_are_rounded_to_what_is_known() -> None:
    assert [scale._rounded(value) for value in (1157.4, 39.6, 0)] == ["1,200", "40", "0"]
    assert scale._terabytes(1.23e13) == "12"
