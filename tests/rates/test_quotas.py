"""What requests wait for, and what becomes of them when the database does not answer."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest
from structlog.typing import EventDict

from service.http.errors import Overloaded
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks
from service.notation.rate import Rate
from service.postgres.pool import Pool
from service.rates.errors import RateLimited
from service.rates.quotas import Quotas
from tests.running.application import figure
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import DEADLINE_SECONDS, until

pytestmark = pytest.mark.anyio

LIMITS = Limits()
IMPATIENT = replace(LIMITS, quota_answer_seconds=0.4, command_seconds=1.0)
TEN, HUNDRED = Rate.parse("10/s"), Rate.parse("100/s")


@asynccontextmanager
async def keeping(url: str, limits: Limits = LIMITS) -> AsyncIterator[Quotas]:
    """A process that keeps rates."""
    async with Pool(url, limits, size=2) as pool:
        quotas = Quotas(pool, limits)
        async with Tasks(rates=quotas.run):
            yield quotas


async def asks(quotas: Quotas, rate: Rate = TEN, producer: str = "alpha", *, stored: bool = True) -> str:
    """What becomes of a request."""
    try:
        admission = await quotas.admit(producer, rate)
    except (RateLimited, Overloaded) as refusal:
        return refusal.code
    quotas.end(admission, stored=stored)
    return "passed"


async def many(quotas: Quotas, requests: int, rate: Rate = TEN, producer: str = "alpha") -> Counter[str]:
    """What becomes of requests that come together."""
    return Counter(await asyncio.gather(*(asks(quotas, rate, producer) for _ in range(requests))))


async def many_known(quotas: Quotas, requests: int, rate: Rate, producer: str = "alpha") -> Counter[str]:
    """What becomes of requests that come together once the database's word is known."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while "overloaded" in (outcome := await many(quotas, requests, rate, producer)):
            continue
    return outcome


@asynccontextmanager
async def locked(database: Database, producer: str) -> AsyncIterator[None]:
    """Somebody holds the quota of a producer."""
    connection = await asyncpg.connect(database.url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM quotas WHERE producer = $1 FOR UPDATE", producer)
            yield
    finally:
        await connection.close()


async def test_a_burst_gets_what_was_saved_up(database: Database) -> None:
    async with keeping(database.url) as one, keeping(database.url) as other:
        started = time.monotonic()
        both = await many(one, 50, HUNDRED) + await many(other, 100, HUNDRED)
        earned = 100 * (time.monotonic() - started)
    assert 100 <= both["passed"] <= 100 + earned
    assert both["rate_limited"] == 150 - both["passed"]


async def test_a_thousand_producers_are_asked_for_together(database: Database) -> None:
    async with keeping(database.url) as quotas:
        before = figure("signals_rate_exchanges_total")
        passed = await asyncio.gather(*(asks(quotas, producer=f"p{number}") for number in range(1000)))
        assert set(passed) == {"passed"}
        assert figure("signals_rate_exchanges_total") - before <= 8
        used = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert database.value(used) == 1


async def test_who_passed_and_was_not_stored_does_not_count(database: Database) -> None:
    async with keeping(database.url) as quotas:
        for _ in range(30):
            assert await asks(quotas, stored=False) == "passed"
        assert (await many(quotas, 10))["passed"] == 10


async def test_a_request_that_takes_long_is_given_back_all_the_same(database: Database) -> None:
    rate = Rate.parse("1/h")
    async with keeping(database.url) as quotas:
        admission = await quotas.admit("alpha", rate)
        await asyncio.sleep(2 * LIMITS.token_seconds)
        assert await asks(quotas, rate) == "rate_limited"
        quotas.end(admission, stored=False)
        assert await asks(quotas, rate) == "passed"


async def test_what_was_borrowed_for_nothing_goes_back(database: Database) -> None:
    rate = Rate.parse("20/m")
    async with keeping(database.url) as quotas:
        assert await asks(quotas, rate, stored=False) == "passed"
        await until(lambda: database.value("SELECT full_at <= now() FROM quotas"), "it is given back")


async def test_while_its_quota_is_locked_a_producer_gets_a_tenth(database: Database) -> None:
    async with keeping(database.url, IMPATIENT) as quotas:
        assert await asks(quotas, HUNDRED, stored=False) == "passed"
        await asyncio.sleep(2 * LIMITS.token_seconds)
        async with locked(database, "alpha"):
            alpha = await many(quotas, 100, HUNDRED)
            beta = await many(quotas, 100, HUNDRED, "beta")
        assert alpha == {"passed": 10, "overloaded": 90}
        assert beta == {"passed": 100}


async def test_what_passed_meanwhile_counts_afterwards(database: Database) -> None:
    rate = Rate.parse("90/m")
    async with keeping(database.url, IMPATIENT) as quotas:
        assert await asks(quotas, rate, stored=False) == "passed"
        await until(lambda: database.value("SELECT full_at <= now() FROM quotas"), "it is given back")
        async with locked(database, "alpha"):
            assert await many(quotas, 5, rate) == {"passed": 1, "overloaded": 4}
        await until(lambda: database.value("SELECT full_at > now() FROM quotas"), "it is settled")
        assert await many_known(quotas, 5, rate) == {"rate_limited": 5}


async def test_while_the_database_is_away_a_producer_gets_a_tenth(database: Database) -> None:
    async with database_proxy(database.url) as proxy, keeping(proxy.url, IMPATIENT) as quotas:
        assert await asks(quotas, HUNDRED) == "passed"
        await proxy.cut()
        away = await many(quotas, 100, HUNDRED, "beta")
        assert away == {"passed": 10, "overloaded": 90}
        assert await asks(quotas, HUNDRED, "beta") == "overloaded"
        await proxy.mend()
        assert (await many_known(quotas, 200, HUNDRED, "beta"))["rate_limited"] >= 90


async def test_a_database_that_does_not_answer_holds_nobody_up(database: Database) -> None:
    async with database_proxy(database.url) as proxy, keeping(proxy.url, IMPATIENT) as quotas:
        assert await asks(quotas) == "passed"
        proxy.stall()
        started = time.monotonic()
        assert (await many(quotas, 20, TEN, "beta"))["passed"] == 1
        first = time.monotonic()
        assert await many(quotas, 20, TEN, "beta") == {"overloaded": 20}
        assert first - started < 1
        assert time.monotonic() - first < 0.1


async def test_the_silence_is_told_once(database: Database, log_lines: list[EventDict]) -> None:
    before = figure("signals_rate_unanswered_total")
    async with keeping(database.url, IMPATIENT) as quotas:
        for turn in (1, 2):
            assert await asks(quotas) == "passed"
            await asyncio.sleep(2 * LIMITS.token_seconds)
            async with locked(database, "alpha"):
                await many(quotas, 20)
                assert [line["event"] for line in log_lines] == ["Rates are kept without the database"] * turn
            await until(lambda: not quotas._silent, "there are answers again")
    assert figure("signals_rate_unanswered_total") - before == 40


async def test_idle_producers_are_forgotten(database: Database) -> None:
    async with keeping(database.url) as quotas:
        assert await asks(quotas, producer="beta") == "passed"
        assert await asks(quotas, stored=False) == "passed"
        await until(lambda: not quotas._allowances["alpha"]._spare, "all is given back")
        await asyncio.sleep(LIMITS.token_seconds)
        database.execute("UPDATE quotas SET full_at = now() - interval '2 minutes' WHERE producer = 'alpha'")
        await quotas.tidy()
        assert not quotas._allowances
    assert [row["producer"] for row in database.fetch("SELECT producer FROM quotas")] == ["beta"]


async def test_producers_that_send_too_much_are_counted(database: Database) -> None:
    rate = Rate.parse("1/m")
    async with keeping(database.url) as quotas:
        for producer in ("alpha", "beta"):
            await many(quotas, 2, rate, producer)
        await asks(quotas, rate, "gamma")
        await quotas.tidy()
    assert figure("signals_producers_limited") == 2
