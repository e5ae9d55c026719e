"""What the metrics show of signals on their way: what waits, what shares a commit, and how long commits take."""

import asyncio

import httpx
import pytest

from service.kernel.limits import Limits
from tests.intake.storing import signed, storing
from tests.postgres.locks import locked, until_somebody_waits
from tests.running.application import JSON, SIGNALS, figure, serving, signal_body
from tests.running.postgres import Database
from tests.running.waiting import until

ATTENTIVE = Limits(figures_seconds=0.02)
PAYLOAD = {"price": 1950.5}
SIZE = len('{"price": 1950.5}')


def under_way() -> tuple[float, float, float]:
    """Signals that wait, their bytes, and connections in use."""
    rows, size = figure("signals_queue_rows"), figure("signals_queue_bytes")
    return rows, size, figure("signals_pool_in_use")


@pytest.mark.anyio
async def test_what_waits_for_the_database_is_shown_until_it_is_answered(database: Database) -> None:
    def post(client: httpx.AsyncClient) -> "asyncio.Task[httpx.Response]":
        return asyncio.create_task(client.post(SIGNALS, headers=JSON, content=signal_body(payload=PAYLOAD)))

    async with serving(database.url, limits=ATTENTIVE) as client:
        async with locked(database):
            first = post(client)
            await until_somebody_waits(database)
            others = [post(client), post(client)]
            await until(lambda: under_way() == (3, 3 * SIZE, 1), "all that wait are shown")
        answers = await asyncio.gather(first, *others)
        await until(lambda: under_way() == (0, 0, 0), "nothing waits any more")
    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.anyio
async def test_signals_that_share_a_commit_are_measured_together(database: Database) -> None:
    def measured() -> tuple[float, ...]:
        batches = [figure(f"signals_batch_rows_{part}") for part in ("count", "sum")]
        return *batches, figure("signals_commit_seconds_count")

    before = measured()
    async with storing(database.url) as writer:
        await asyncio.gather(*(writer.store(signed(number)) for number in range(1, 6)))
    assert [after - then for after, then in zip(measured(), before, strict=True)] == [1, 5, 1]
