"""A limit on how far the time of a signal may lie from now."""

from datetime import UTC, datetime, timedelta

import pytest

from service.http.errors import ValidationFailed
from service.intake.signal import Freshness

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_time_at_the_limit_is_fresh_and_beyond_it_is_not(direction: int) -> None:
    freshness = Freshness(timedelta(seconds=60))
    freshness.check(NOW + direction * timedelta(seconds=60), NOW)
    with pytest.raises(ValidationFailed) as refused:
        freshness.check(NOW + direction * timedelta(seconds=60, microseconds=1), NOW)
    assert refused.value.faults == [
        {"loc": ["body", "time"], "msg": "Input should be within 60 seconds of now", "type": "datetime_age"}
    ]
