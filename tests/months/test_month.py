"""Months of UTC, and the ids that were made in them."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from service.months.month import Month
from service.months.partitions import Partition, ahead, holding

JANUARY, DECEMBER = Month(2027, 1), Month(2026, 12)


def test_neighbours_meet() -> None:
    month = Month(1999, 12)
    for _ in range(1000):
        assert month.upper == month.later(1).lower
        assert Month.of_id(month.lower) == month == Month.of_id(UUID(int=month.upper.int - 1))
        month = month.later(1)


def test_an_id_is_of_the_month_in_which_it_was_made() -> None:
    """The one of RFC 9562, appendix A.6, was made on 22 February 2022."""
    assert Month.of_id(UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")) == Month(2022, 2)


@pytest.mark.parametrize("hours", [14, -12, 0])
def test_a_month_is_one_of_utc(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    assert Month.of(datetime(2026, 12, 31, 23, 59, 59, 999_999, UTC).astimezone(zone)) == DECEMBER
    assert Month.of(datetime(2027, 1, 1, tzinfo=UTC).astimezone(zone)) == JANUARY


def test_a_month_is_said_and_understood() -> None:
    assert (str(JANUARY), JANUARY.table, Month.parse("2027-01")) == ("2027-01", "signals_2027_01", JANUARY)
    for text in ("2027-13", "2027", "january", "2027-01-01"):
        with pytest.raises(ValueError, match=r"does not match|unconverted"):
            Month.parse(text)


def test_months_ahead_are_counted_up_to_the_first_gap() -> None:
    parts = [Partition(month.table, month.lower, month.upper) for month in (DECEMBER, JANUARY, JANUARY.later(2))]
    assert [ahead(parts, month) for month in (DECEMBER, JANUARY, JANUARY.later(1))] == [1, 0, 1]
    assert holding(parts, JANUARY) is parts[1]
    assert holding(parts, JANUARY.later(1)) is None
