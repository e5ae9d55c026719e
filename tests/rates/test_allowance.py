"""What one process knows of a rate between two words with the database."""

import asyncio

import pytest

from service.notation.rate import Rate
from service.rates.allowance import Allowance
from service.rates.exchange import Grant

pytestmark = pytest.mark.anyio


async def test_nobody_is_refused_while_tokens_are_on_their_way_back() -> None:
    allowance = Allowance("alpha", Rate.parse("10/s"), good_seconds=0.3)
    allowance.waiting = [asyncio.get_running_loop().create_future() for _ in range(20)]
    told = allowance.demand(now=0.0)
    for each in allowance.waiting:
        each.set_result(None)
    allowance.settle(told, Grant(tokens=9, slot=0, left_over=0.0), asked_at=0.0)
    assert allowance.demand(now=0.01).returned == 9
    assert allowance.take(now=0.02) is None, "only the database knows"
