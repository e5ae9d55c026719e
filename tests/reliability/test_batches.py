"""Batches while what they need is killed or cut: nothing lost, doubled or half stored, and no receipt of nothing."""

import pytest

from tests.reliability.batches import ITEMS, batches_produced
from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

DOWN_SECONDS = 1.0

WAYS = {"refuse": "batches", "store": "batches of anything"}
"""What becomes of duplicates, and what the batches are called. Where they are refused, each signal has a receipt of its
content beside the two of its batch, and a resend that is taken for a duplicate is never acknowledged. Where they are
stored, signals come into their table by COPY, and only by the receipts of their batch are they known again."""

both_ways = pytest.mark.parametrize("duplicates", WAYS)


@both_ways
async def test_postgresql_is_killed_while_batches_come_in(lab: Lab, duplicates: str) -> None:
    """`kill -9` of every process of PostgreSQL, under batches that are resent and signed anew at two services."""
    times, each = lab.size(1, 10), lab.size(200, 2000)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    services = [await lab.service(postgresql.url, SIGNALS_DUPLICATES=duplicates) for _ in range(2)]
    async with batches_produced(services, ledger, lab.seed):
        for _ in range(times):
            await lab.acknowledged(ledger, each)
            await postgresql.kill()
            await lab.pause(DOWN_SECONDS)
            postgresql.start()
            await postgresql.answering()
        await lab.acknowledged(ledger, each)
    run = await lab.conclude(f"{WAYS[duplicates]}: PostgreSQL killed (-9)", times, postgresql, ledger)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers("500 internal_error", "503 overloaded", "abandoned")


@both_ways
async def test_the_service_is_killed_while_batches_come_in(lab: Lab, duplicates: str) -> None:
    times, each = lab.size(1, 10), lab.size(200, 2000)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url, SIGNALS_DUPLICATES=duplicates)
    async with batches_produced([service], ledger, lab.seed):
        for _ in range(times):
            await lab.acknowledged(ledger, each)
            service.kill()
            await lab.pause(DOWN_SECONDS)
            service.start()
        await lab.acknowledged(ledger, each)
    run = await lab.conclude(f"{WAYS[duplicates]}: service killed (-9)", times, postgresql, ledger)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers("broken", "not sent", "abandoned", "503 overloaded")


@both_ways
async def test_the_commit_of_a_batch_is_not_acknowledged(lab: Lab, duplicates: str) -> None:
    """The connection is cut after the commit, and the producers do not wait for the end of that either."""
    cuts = lab.size(6, 200)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    async with database_proxy(postgresql.url) as proxy:
        service = await lab.service(proxy.url, SIGNALS_DUPLICATES=duplicates)
        async with batches_produced([service], ledger, lab.seed):
            await lab.acknowledged(ledger, 4 * ITEMS)
            proxy.cut_commits(cuts, lambda: lab.draw.random() < 0.5)
            await until(lambda: proxy.commits_cut == cuts, f"{cuts} connections are cut", 240)
            await lab.acknowledged(ledger, 4 * ITEMS)
    run = await lab.conclude(
        f"{WAYS[duplicates]}: commit not acknowledged (cut)", proxy.commits_cut, postgresql, ledger
    )
    run.check(times=cuts, acknowledged=cuts)
    run.check_resends()
    run.check_answers("abandoned", "503 overloaded")
