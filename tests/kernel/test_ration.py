"""A ration: so many in each second, whoever asks."""

from datetime import UTC, datetime, timedelta

from service.http.ration import Ration

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_so_many_in_a_second_and_no_more() -> None:
    ration = Ration(2)
    moments = [timedelta(), timedelta(seconds=0.4), timedelta(seconds=0.9), timedelta(seconds=0.99)]
    assert [ration.take(NOW + moment) for moment in moments] == [True, True, False, False]
    assert [ration.take(NOW + timedelta(seconds=1)) for _ in range(3)] == [True, True, False]


def test_what_is_left_over_is_lost() -> None:
    ration = Ration(2)
    ration.take(NOW)
    assert [ration.take(NOW + timedelta(seconds=9)) for _ in range(3)] == [True, True, False]


def test_a_clock_that_is_set_back_does_no_harm() -> None:
    ration = Ration(1)
    assert ration.take(NOW)
    assert ration.take(NOW - timedelta(hours=1))
