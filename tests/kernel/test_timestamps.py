"""The one form of date and time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kernel.timestamps import parse_timestamp, utc_now

ZONES = st.builds(timezone, st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES)


def is_read(text: str) -> bool:
    """Whether `text` is taken for a timestamp; any exception but ValueError goes through."""
    try:
        parse_timestamp(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00-00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+05:30", datetime(2026, 1, 31, 6, 30, tzinfo=UTC)),
        ("2026-01-31T12:00:00-03:00", datetime(2026, 1, 31, 15, tzinfo=UTC)),
        ("2026-01-31T12:00:00-23:59", datetime(2026, 2, 1, 11, 59, tzinfo=UTC)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("2026-01-31T12:00:00.1Z", datetime(2026, 1, 31, 12, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.12Z", datetime(2026, 1, 31, 12, 0, 0, 120_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123Z", datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.1234Z", datetime(2026, 1, 31, 12, 0, 0, 123_400, tzinfo=UTC)),
        ("2026-01-31T12:00:00.12345Z", datetime(2026, 1, 31, 12, 0, 0, 123_450, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-01-31T12:00:00.1234569Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-01-31T12:00:00.999999999+01:00", datetime(2026, 1, 31, 11, 0, 0, 999_999, tzinfo=UTC)),
    ],
)
def test_an_aware_time_is_read(text: str, moment: datetime) -> None:
    assert parse_timestamp(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "12:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00Z",
        "2026-01-31T12Z",
        "2026-01-31 12:00:00Z",
        "2026-01-31t12:00:00Z",
        "2026-01-31T12:00:00z",
        "2026-01-31_12:00:00Z",
        "20260131T120000Z",
        "2026-01-31T12:00:00+05",
        "2026-01-31T12:00:00+0530",
        "2026-01-31T12:00:00+05:30:00",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+05:60",
        "2026-01-31T12:00:00 Z",
        "2026-01-31T12:00:00ZZ",
        "2026-01-31T12:00:00Z\n",
        "\n2026-01-31T12:00:00Z",
        " 2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00.1234567890Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T24:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-10T12:00:00Z",
        "2026-01-00T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "12026-01-31T12:00:00Z",
        "-2026-01-31T12:00:00Z",
        "31/01/2026 12:00:00",
        "01-31-2026T12:00:00Z",
        "2026/01/31T12:00:00Z",
        "2026-W05-6T12:00:00Z",
        "2026-031T12:00:00Z",
        "1769860800",
        "1769860800.5",
        "now",
        "\uff12026-01-31T12:00:00Z",
        "2026-01-31T12:00:00\u221205:00",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    assert not is_read(text)


@given(MOMENTS)
def test_every_moment_comes_back_in_the_zone_it_was_written_in(moment: datetime) -> None:
    read = parse_timestamp(moment.isoformat())
    assert read == moment
    assert read.utcoffset() == moment.utcoffset()


@given(MOMENTS, st.text(min_size=1, max_size=8))
def test_nothing_valid_can_follow_a_timestamp(moment: datetime, more: str) -> None:
    """Else the boundary between the timestamp and the producer id could be moved without changing the signed bytes."""
    assert not is_read(moment.isoformat() + more)


@given(st.text())
def test_arbitrary_text_raises_nothing_but_a_value_error(text: str) -> None:
    is_read(text)  # some of it is: Hypothesis draws from the literals of the code under test, too


def test_the_clock_of_production_tells_aware_utc() -> None:
    before, now, after = datetime.now(UTC), utc_now(), datetime.now(UTC)
    assert before <= now <= after
    assert now.tzinfo is UTC
