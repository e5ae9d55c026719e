"""The same signed bytes more than once, and commits whose answer was lost: one row, one answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any

import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger, Signal
from tests.reliability.producers import LOADS, Load, as_said, producing, signals
from tests.reliability.run import Run
from tests.reliability.serving import Service
from tests.running.proxy import database_proxy
from tests.running.waiting import until
from tests.speaking.connection import Connection
from tests.speaking.exchange import Answer

pytestmark = pytest.mark.anyio

IMPATIENCE_SECONDS = 0.1

CUT_SHARE = 0.5
"""How many of the commits are cut off while cutting, drawn from the seed."""

AT_ONCE = 200
SIGNALS_AT_ONCE = 60


@LOADS
async def test_commit_is_not_acknowledged(lab: Lab, load: Load) -> None:
    """The connection is cut after a commit and before the service hears of it; half of the producers do not wait
    for the end of that either, and resend while their request is still under way.

    Red when the insert does not ask whether the receipt was claimed: 181 signals doubled by 30 cuts.
    """
    run = await _cuts(lab, "commit not acknowledged (cut)", load, signing=True, impatience=IMPATIENCE_SECONDS)
    run.check_resends()
    run.check_answers("abandoned")


@LOADS
async def test_commit_is_not_acknowledged_and_nothing_is_signed(lab: Lab, load: Load) -> None:
    """The same without signatures, so without receipts: the writer alone must not make a double.

    Red when rows get new ids before they are tried again: 256 signals doubled by 30 cuts.
    """
    run = await _cuts(lab, "commit not acknowledged (cut), no signing", load, signing=False, resent=0)
    run.check_answers()


async def _cuts(lab: Lab, name: str, load: Load, *, signing: bool, **habits: Any) -> Run:
    cuts = lab.size(20, 500)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    async with database_proxy(postgresql.url) as proxy:
        service = await lab.service(proxy.url, signing=signing)
        async with producing(service, ledger, lab.seed, load=load, **habits) as producers:
            await as_said(load, postgresql, producers)
            await lab.acknowledged(ledger, 100)
            proxy.cut_commits(cuts, lambda: lab.draw.random() < CUT_SHARE)
            await until(lambda: proxy.commits_cut == cuts, f"{cuts} connections are cut", 240)
            await lab.acknowledged(ledger, 100)
    run = await lab.conclude(f"{name}{load.title}", proxy.commits_cut, postgresql, ledger)
    run.check(times=cuts, acknowledged=cuts)
    return run


async def test_identical_requests_at_once(lab: Lab) -> None:
    """Two hundred times the same request at once, in many rounds: one row each, one answer for all.

    Red when the rows that the insert left out are not looked up, and when it leaves none out (1,000 rows of 5).
    """
    ledger, rounds = Ledger(), lab.size(5, 50)
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    connections = [lab.connection(service) for _ in range(AT_ONCE)]
    for signal in islice(signals(lab.seed), rounds):
        answers = await asyncio.gather(*(_ask(ledger, signal, connection) for connection in connections))
        _compare(ledger, signal, answers)
    run = await lab.conclude("200 identical requests at once", rounds, postgresql, ledger)
    run.check(times=rounds, acknowledged=rounds)
    run.check_resends()
    run.check_answers()


async def test_identical_requests_at_two_services(lab: Lab) -> None:
    """AC-29 across processes: the same requests at two services on one database at the same moment, in another order
    at each: one row, one answer, and no deadlock.

    Red when the insert does not ask whether the receipt was claimed, and without its ORDER BY: 3 deadlocks in 20
    rounds.
    """
    ledger, supply, rounds = Ledger(), signals(lab.seed), lab.size(20, 200)
    postgresql = await lab.postgresql()
    services = [await lab.service(postgresql.url) for _ in range(2)]
    groups = [[lab.connection(service) for service in services] for _ in range(SIGNALS_AT_ONCE)]
    database = await postgresql.connect()
    for _ in range(rounds):
        batch = list(islice(supply, SIGNALS_AT_ONCE))
        async with _same_moment(services, database):
            answers = await _send(lab, ledger, batch, groups)
        for signal, asked in zip(batch, answers, strict=True):
            _compare(ledger, signal, await asyncio.gather(*asked))
    deadlocks = await database.fetchval("SELECT sum(deadlocks) FROM pg_stat_database")
    await database.close()
    run = await lab.conclude("identical requests at two services", rounds, postgresql, ledger)
    run.check(times=rounds, acknowledged=rounds * SIGNALS_AT_ONCE)
    run.check_resends()
    run.check_answers()
    assert deadlocks == 0, f"{deadlocks} deadlocks"


async def _send(
    lab: Lab, ledger: Ledger, batch: Sequence[Signal], groups: Sequence[Sequence[Connection]]
) -> list[list[asyncio.Task[Answer]]]:
    """Send each signal over each connection of its group, in random order; returns when all have been handed over."""
    answers: list[list[asyncio.Task[Answer]]] = [[] for _ in batch]
    places = [(number, connection) for number, group in enumerate(groups) for connection in group]
    lab.draw.shuffle(places)
    for number, connection in places:
        answers[number].append(asyncio.create_task(_ask(ledger, batch[number], connection)))
    await until(lambda: all(connection.waiting for _, connection in places), "all requests are sent")
    return answers


@asynccontextmanager
async def _same_moment(services: Sequence[Service], database: Any) -> AsyncIterator[None]:
    """What is sent meanwhile comes to each service at once, and their statements begin at the same moment."""
    for service in services:
        service.freeze()
    async with database.transaction():
        await database.execute("LOCK TABLE receipts IN SHARE MODE")
        yield
        for service in services:
            service.thaw()
        while await database.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < len(services):
            continue


async def _ask(ledger: Ledger, signal: Signal, connection: Connection) -> Answer:
    started = time.monotonic()
    answer = await connection.ask(signal.request)
    ledger.attempted(answer.label, started)
    return answer


def _compare(ledger: Ledger, signal: Signal, answers: Sequence[Answer]) -> None:
    """The one answer that is no replay is the acknowledgement; all others have to be the same."""
    assert {answer.status for answer in answers} == {201}
    first, *others = sorted(answers, key=lambda answer: answer.replayed)
    assert not first.replayed, "no answer says that the signal was stored now"
    ledger.acknowledge(signal, first.body)
    for answer in others:
        ledger.compare(signal, answer.body, replayed=answer.replayed)
