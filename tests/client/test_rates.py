"""A producer that is told to wait waits, within its own bounds, whatever it is told."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service.client import Retries, ServiceBusy, Signal
from service.client.retries import retry_after
from service.client.signal import Side
from tests.client.conftest import Connect
from tests.client.patience import Patience
from tests.client.road import Road, answer

GOLD = Signal("XAUUSD", Side.BUY)
LIMITED = '{"code":"rate_limited","detail":"Send it again later","request_id":"x"}'

UNREADABLE = {
    "infinite": "inf",
    "no number": "nan",
    "beyond every double": "1e400",
    "negative": "-5",
    "a fraction": "0.503",
    "empty": "",
    "a billion": "1000000000",
    "an epoch time": "1790000000",
    "five thousand digits": "1" * 5000,
    "a year of twenty digits": "Thu, 01 Jan 99999999999999999999 00:00:00 GMT",
    "an hour of twenty digits": "Thu, 01 Jan 2026 99999999999999999999:00:00 GMT",
    "a zone of hundred digits": "Thu, 01 Jan 2026 00:00:00 +" + "1" * 100,
    "brackets": "((((((((",
}


def limited(*headers: str) -> bytes:
    """A refusal of a producer that sends too much."""
    return answer("429 Too Many Requests", *headers, body=LIMITED)


def test_a_limited_producer_waits_as_told(connect: Connect, road: Road, patience: Patience) -> None:
    road.plan([limited("Retry-After: 3"), limited("Retry-After: 40")])
    connect(road.url).send(GOLD)
    first, second = patience.pauses
    assert 3 <= first <= 4.5
    assert 40 <= second <= 60
    assert len(set(road.requests)) == 1


@pytest.mark.parametrize("told", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_changes_nothing(connect: Connect, road: Road, patience: Patience, told: str) -> None:
    road.plan([limited(f"Retry-After: {told}")] * 3)
    connect(road.url).send(GOLD)
    assert [1 <= pause * 2 / due <= 2 for pause, due in zip(patience.pauses, (1, 2, 4), strict=True)] == [True] * 3


def test_of_two_answers_neither_is_believed(connect: Connect, road: Road, patience: Patience) -> None:
    road.plan([limited("Retry-After: 1", "Retry-After: 120")])
    connect(road.url).send(GOLD)
    assert max(patience.pauses) <= 1


@pytest.mark.parametrize(
    "told", ["301", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359"]
)
def test_who_is_to_wait_too_long_is_told_at_once(connect: Connect, road: Road, patience: Patience, told: str) -> None:
    road.plan([limited(f"Retry-After: {told}")])
    with pytest.raises(ServiceBusy, match="rate_limited"):
        connect(road.url).send(GOLD)
    assert patience.pauses == []


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in Tokyo."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_a_time_without_a_zone_is_in_utc() -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert retry_after("Sat, 31 Jan 2026 12:00:07 -0000", now) == 7


def test_those_that_were_refused_together_do_not_come_back_together() -> None:
    moments = Counter(int(Retries().pause(1, told=1.0) * 20) for _ in range(500))
    assert min(moments) >= 20
    assert max(moments.values()) < 250
