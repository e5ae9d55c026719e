"""What a producer is told of its rate can be read by whoever knows the drafts."""

from typing import Any

import pytest
from http_sf import parse

from service.notation.rate import Rate
from service.rates.allowance import Allowance
from service.rates.exchange import Grant
from service.rates.fields import LIMIT, POLICY, rate_fields


def told(rate: Rate, at_once: int, seconds: int) -> list[dict[str, Any]]:
    """The parameters of both fields."""
    fields: dict[bytes, Any] = {
        name: parse(value, tltype="list") for name, value in rate_fields(rate, at_once, seconds)
    }
    items = [fields[name.lower().encode()] for name in (POLICY, LIMIT)]
    assert [[name for name, _ in item] for item in items] == [["producer"]] * 2
    return [parameters for [(_, parameters)] in items]


@pytest.mark.parametrize(
    ("text", "quota", "window"),
    [
        ("100/s", 100, 1),
        ("999999/s", 999999, 1),
        ("30/m", 1, 2),
        ("90/m", 3, 2),
        ("60/m", 1, 1),
        ("7/m", 7, 60),
        ("5/h", 1, 720),
        ("1/h", 1, 3600),
        ("999999/h", 111111, 400),
    ],
)
def test_the_policy_is_the_rate_in_whole_numbers(text: str, quota: int, window: int) -> None:
    rate = Rate.parse(text)
    assert told(rate, 0, 1)[0] == {"q": quota, "w": window}
    assert quota * rate.each_seconds == pytest.approx(window)


def test_the_standing_is_told_in_whole_numbers() -> None:
    assert told(Rate.parse("100/s"), 42, 7)[1] == {"r": 42, "t": 7}


@pytest.mark.parametrize(
    ("text", "left_over", "later", "standing"),
    [
        ("100/s", 42.5, 0.0, (42, 1)),
        ("100/s", 42.5, 0.5, (92, 1)),
        ("100/s", 42.5, 9.0, (100, 1)),
        ("1/h", 1.0, 0.0, (1, 3600)),
        ("1/h", 0.25, 0.0, (0, 2700)),
        ("1/h", 0.25, 100.0, (0, 2600)),
        ("90/m", 1.5, 0.0, (1, 1)),
        ("10/h", 0.0, 0.4, (0, 360)),
    ],
)
def test_the_standing_is_what_is_left(text: str, left_over: float, later: float, standing: tuple[int, int]) -> None:
    allowance = Allowance("alpha", Rate.parse(text), 0.3)
    told = allowance.demand(100.0)
    allowance.settle(told, Grant(0, 1, left_over), 100.0)
    assert allowance.standing(100.0 + later) == standing


def test_who_was_refused_has_nothing_left() -> None:
    allowance = Allowance("alpha", Rate.parse("100/s"), 0.3)
    allowance.take(100.0)
    told = allowance.demand(100.0)
    allowance.settle(told, Grant(0, 1, 0.5), 100.0)
    assert allowance.standing(100.0) == (0, 1)
    assert allowance.standing(100.2) == (20, 1)
