"""Processes that die: PostgreSQL, the service, one of its workers, or the service by order."""

import os
import signal
import time

import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.producers import LOADS, Load, all_waiting, as_said, producing
from tests.reliability.serving import Service
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

ACKNOWLEDGED = 20_000
DOWN_SECONDS = 1.0
DATABASE_BACK_SECONDS = 2.0
SERVICE_BACK_SECONDS = 3.0
OTHER_WORKER_SECONDS = 1.0
STOP_SECONDS = 6.0


@LOADS
async def test_postgresql_is_killed(lab: Lab, load: Load) -> None:
    """`kill -9` of every process of PostgreSQL, again and again.

    Red with `synchronous_commit` off for the service's sessions: 391 of 1,012 acknowledged signals lost in two kills.
    """
    times, acknowledged = lab.size(2, 10), lab.size(600, ACKNOWLEDGED)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed, load=load) as producers:
        await as_said(load, postgresql, producers)
        for _ in range(times):
            await lab.acknowledged(ledger, acknowledged // times)
            await postgresql.kill()
            await lab.pause(DOWN_SECONDS)
            started = time.monotonic()
            postgresql.start()
            answering = await postgresql.answering()
            back_after.append(max(0.0, await lab.created_after(ledger, started) - answering))
        await lab.acknowledged(ledger, acknowledged // times)
    run = await lab.conclude(f"PostgreSQL killed (-9){load.title}", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=acknowledged)
    run.check_resends()
    run.check_answers("500 internal_error")
    run.check_back(DATABASE_BACK_SECONDS)


@LOADS
async def test_service_is_killed(lab: Lab, load: Load) -> None:
    """`kill -9` of the service, again and again.

    Red when the insert does not ask whether the receipt was claimed: 58 signals doubled in two kills.
    """
    times, acknowledged = lab.size(2, 10), lab.size(600, ACKNOWLEDGED)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed, load=load) as producers:
        await as_said(load, postgresql, producers)
        for _ in range(times):
            await lab.acknowledged(ledger, acknowledged // times)
            service.kill()
            await lab.pause(DOWN_SECONDS)
            started = time.monotonic()
            service.start()
            back_after.append(await lab.created_after(ledger, started) - started)
        await lab.acknowledged(ledger, acknowledged // times)
    run = await lab.conclude(f"service killed (-9){load.title}", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=acknowledged)
    run.check_resends()
    run.check_answers("broken", "not sent")
    run.check_back(SERVICE_BACK_SECONDS)


async def test_worker_is_killed(lab: Lab) -> None:
    """`kill -9` of one of two worker processes, again and again: the other one carries on.

    Red when the insert does not ask whether the receipt was claimed: 49 signals doubled in two kills.
    """
    times, each = lab.size(2, 10), lab.size(200, 500)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url, workers=2)
    async with producing(service, ledger, lab.seed) as producers:
        await lab.acknowledged(ledger, each)
        for _ in range(times):
            await until(lambda: len(service.busy_workers()) == 2, "both workers serve")
            async with all_waiting(postgresql, producers):
                killed = time.monotonic()
                os.kill(lab.draw.choice(service.busy_workers()), signal.SIGKILL)
            await lab.acknowledged(ledger, each)
            back_after.append(ledger.longest_silence(since=killed))
    run = await lab.conclude("one of two workers killed (-9)", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers("broken", "not sent")
    assert ledger.answers["broken"] >= times, "invalid: the workers had nothing to do when they were killed"
    run.check_back(OTHER_WORKER_SECONDS)


async def test_service_is_told_to_stop(lab: Lab) -> None:
    """SIGTERM under load, again and again: a request that has been sent is answered, with 201 or `shutting_down`.

    Red when idle connections are closed at once, as uvicorn does: 15 of 40 stops reset a request that had arrived.
    """
    times, each = lab.size(3, 20), lab.size(100, 500)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed):
        for _ in range(times):
            await lab.acknowledged(ledger, each)
            await _replace(service)
            started = time.monotonic()
            back_after.append(await lab.created_after(ledger, started) - started)
        await lab.acknowledged(ledger, each)
    run = await lab.conclude("service told to stop (SIGTERM)", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers("503 shutting_down", "not sent")
    run.check_back(SERVICE_BACK_SECONDS)


async def _replace(service: Service) -> None:
    service.terminate()
    await until(lambda: not service.running, "the service has stopped", STOP_SECONDS)
    service.start()
