"""A primary without its synchronous standby: nothing is acknowledged, nothing piles up, and nothing is doubled."""

import asyncio
import time
from datetime import timedelta

import httpx
import pytest

from service.kernel.limits import Limits
from service.postgres.orm import orm
from service.readers import registry
from service.readers.scope import APPROVE, Scope
from tests.reliability.standby import Pair
from tests.running import confidential
from tests.running.application import JSON, NOW, SIGNALS, serving, signal_body, signing_headers
from tests.running.proxy import database_proxy
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

SHORT = Limits(connect_seconds=0.4, lock_seconds=0.2, statement_seconds=0.3, command_seconds=0.4, answer_seconds=0.9)
POOL_SIZE = 2
OUTAGE_SECONDS = 4
"""Long enough for a session more every 0.9 seconds, if there were one."""


async def post(client: httpx.AsyncClient, number: int) -> httpx.Response:
    """Send the signed signal with this number; the same bytes each time."""
    body = signal_body(payload={"number": number})
    return await client.post(SIGNALS, content=body, headers=signing_headers(body))


async def until_created(client: httpx.AsyncClient, number: int) -> httpx.Response:
    """Resend until the answer is 201."""
    answers: list[httpx.Response] = []

    async def created() -> bool:
        answers.append(await post(client, number))
        return answers[-1].status_code == 201

    await until_true(created, f"signal {number} is stored")
    return answers[-1]


async def test_a_lost_standby_costs_no_more_sessions_than_the_pool_has(pair: Pair) -> None:
    """Nor does what waits for it become visible, as it would if the wait were cancelled.

    Red when a session whose commit waits is given up: one more every 0.9 seconds.
    """
    readiness, slowest, number = set(), 0.0, 0
    async with (
        pair.counting() as sessions,
        serving(pair.primary.url, limits=SHORT, signing=True, database_pool_size=POOL_SIZE) as client,
    ):
        assert (await post(client, 0)).status_code == 201
        await pair.standby.kill()
        end = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < end:
            number += 1
            started = time.monotonic()
            assert (await post(client, number)).status_code == 500
            slowest = max(slowest, time.monotonic() - started)
            readiness.add((await client.get("/api/v1/ready")).status_code)
        assert await pair.stored() == 1
        pair.standby.follow()
        for each in range(number + 1):
            await until_created(client, each)
        assert (await client.get("/api/v1/ready")).status_code == 200
    assert number > POOL_SIZE, "invalid: the outage was too short"
    listener = 1  # to be told of changes of keys
    assert 0 < max(sessions) <= POOL_SIZE + listener
    assert readiness == {503}
    assert slowest < 2 * SHORT.answer_seconds
    assert await pair.stored() == number + 1


async def test_a_cancelled_wait_for_the_standby_is_no_acknowledgement(pair: Pair) -> None:
    """PostgreSQL answers such a commit as a success, with a mere warning.

    Red when nobody listens to warnings.
    """
    async with serving(pair.primary.url, limits=SHORT, signing=True) as client:
        assert (await post(client, 0)).status_code == 201
        await pair.standby.kill()
        answer = asyncio.create_task(post(client, 1))

        async def shown() -> bool:
            """Others may wait too, for commits of their own."""
            await pair.cancel_waits()
            return await pair.stored() == 2

        await until_true(shown, "a commit that waits for the standby is shown without it")
        assert (await answer).status_code == 500
        pair.standby.follow()
        await until_created(client, 1)
    assert await pair.stored() == 2


@pytest.mark.parametrize("seconds_later", [1, 100])
async def test_a_resend_waits_for_the_standby_as_the_first_request_did(pair: Pair, seconds_later: int) -> None:
    """A primary that crashed shows what had no standby yet. After 100 seconds the signal itself is too old to be
    taken, so that only its receipt is looked for.

    Red when finding is reading: it waits for nobody, and answers 201 within milliseconds.
    """
    now = NOW
    async with serving(
        pair.primary.url, limits=SHORT, signing=True, clock=lambda: now, signals_time_max_age_seconds=60
    ) as client:
        assert (await post(client, 0)).status_code == 201
        await pair.standby.kill()
        assert (await post(client, 1)).status_code == 500
        await pair.primary.kill()
        pair.primary.start()
        await pair.primary.answering()
        assert await pair.stored() == 2, "invalid: the crash did not show the signal"
        now += timedelta(seconds=seconds_later)
        for _ in range(2):
            assert (await post(client, 1)).status_code == 500
        pair.standby.follow()
        answer = await until_created(client, 1)
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert await pair.stored() == 2


async def test_a_repeated_decision_waits_for_the_standby_as_the_first_did(pair: Pair) -> None:
    """A primary that crashed shows what had no standby yet.

    Red when to find it is to read.
    """
    async with orm(pair.primary.url):
        token = (await registry.add("somebody", "anna", Scope(), [APPROVE])).token
    confidential.note_token(token or "")
    async with serving(pair.primary.url, limits=SHORT) as client:
        body = signal_body()
        signal = (await client.post(SIGNALS, content=body, headers=JSON)).json()["id"]

        async def decide() -> int:
            headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}
            return (await client.post(f"{SIGNALS}/{signal}/status", json={"status": 1}, headers=headers)).status_code

        async def decided() -> bool:
            return await decide() == 200

        await pair.standby.kill()
        assert await decide() == 503
        await pair.primary.kill()
        pair.primary.start()
        await pair.primary.answering()
        assert await pair.primary.value("SELECT count(*) FROM transitions") == 1, "invalid: it was not shown"
        for _ in range(2):
            assert await decide() == 503
        pair.standby.follow()
        await until_true(decided, "it is answered as at first")
    assert await pair.primary.value("SELECT count(*) FROM transitions") == 1


async def test_a_server_that_was_demoted_does_not_say_that_there_is_no_receipt(pair: Pair) -> None:
    """It lags. The signal is too old by now, so that without its receipt it would be refused, and for good.

    Red when to find is to read.
    """
    now = NOW
    async with (
        database_proxy(pair.primary.url) as proxy,
        serving(proxy.url, limits=SHORT, signing=True, clock=lambda: now, signals_time_max_age_seconds=60) as client,
    ):
        await pair.standby.lag()
        assert (await post(client, 0)).status_code == 201
        now += timedelta(seconds=100)
        proxy.lead_to(pair.standby.url)
        await proxy.disconnect()
        for _ in range(3):
            assert (await post(client, 0)).status_code == 500
        proxy.lead_to(pair.primary.url)
        assert (await until_created(client, 0)).headers["Idempotent-Replayed"] == "true"
