"""The rate of a producer, kept by two services that are killed and that lose their database."""

import asyncio

import pytest

from service.notation.rate import Rate
from tests.rates.simulated import most_within
from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import PRODUCERS, producing
from tests.running.proxy import database_proxy

pytestmark = pytest.mark.anyio

RATE = Rate.parse("30/s")
AWAY_SECONDS = 1.0
WINDOWS = (1, 3, 10)
"""Seconds: the longest is that of the promise, and the others show in a short run what it would not."""


async def test_services_that_share_a_rate_die_and_lose_their_database(lab: Lab) -> None:
    """One of two services is killed and started again, then the database is away from both, again and again; the
    producers send more than their rate all the time.

    Red when each service has a bucket of its own: 98 signals within a second.
    """
    times, each = lab.size(1, 10), lab.size(60, 150)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    async with database_proxy(postgresql.url) as proxy:
        services = [await lab.service(proxy.url, SIGNALS_PRODUCER_RATE="30/s") for _ in range(2)]
        async with producing(services[0], ledger, lab.seed), producing(services[1], ledger, lab.seed + 1):
            for turn in range(times):
                await lab.acknowledged(ledger, each)
                services[turn % 2].kill()
                services[turn % 2].start()
                await lab.acknowledged(ledger, each)
                await proxy.cut()
                await asyncio.sleep(AWAY_SECONDS)
                await proxy.mend()
            await lab.acknowledged(ledger, each)
    run = await lab.conclude("two services with one rate, killed and without database", 2 * times, postgresql, ledger)
    run.check(times=2 * times, acknowledged=(2 * times + 1) * each)
    run.check_resends()
    run.check_answers("429 rate_limited", "500 internal_error", "503 overloaded", "broken", "not sent")
    assert ledger.answers["429 rate_limited"] > 0, "invalid: the producers were never beyond their rate"
    await _check_rate(postgresql)


async def _check_rate(postgresql: PostgreSQL) -> None:
    """Never more than what is earned in a time and what can be saved up before it. What waited for the database is
    stored when it is back: at most one signal of each producer."""
    moments = await postgresql.value(
        "SELECT array_agg(extract(epoch FROM created_at)::float8 ORDER BY created_at) FROM signals"
    )
    for seconds in WINDOWS:
        most = (seconds + RATE.deep_seconds) / RATE.each_seconds + 2 * PRODUCERS
        found = most_within(moments, seconds)
        assert found <= most, f"{found} signals within {seconds} s"
