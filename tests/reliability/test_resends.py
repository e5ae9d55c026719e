"""The same signed bytes more than once, and commits whose answer was lost: one row, one answer."""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain

import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger, Signal
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import Answer, Connection, producing, signals
from tests.reliability.proxy import CuttingProxy
from tests.reliability.run import Run
from tests.reliability.waiting import until

pytestmark = pytest.mark.anyio

IMPATIENCE_SECONDS = 0.1
AT_ONCE = 200


async def test_commit_is_not_acknowledged(lab: Lab) -> None:
    """The connection is cut after a commit and before the service hears of it; half of the producers do not wait
    for the end of that either, and resend while their request is still under way."""
    run = await _cuts(lab, "commit not acknowledged (cut)", signing=True, impatience=IMPATIENCE_SECONDS)
    run.check_resends()
    run.check_answers("abandoned")


async def test_commit_is_not_acknowledged_and_nothing_is_signed(lab: Lab) -> None:
    """The same without signatures, so without receipts: the writer alone must not make a double."""
    run = await _cuts(lab, "commit not acknowledged (cut), no signing", signing=False, resent=0)
    run.check_answers()


async def _cuts(lab: Lab, name: str, *, signing: bool, **habits: float) -> Run:
    cuts = lab.size(30, 500)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    async with CuttingProxy(postgresql.socket, lab.draw) as proxy:
        service = await lab.service(proxy.url, signing=signing)
        async with producing(service, ledger, lab.seed, **habits):
            await lab.acknowledged(ledger, 100)
            proxy.cut(cuts)
            await until(lambda: proxy.cuts == cuts, f"{cuts} connections are cut", 240)
            await lab.acknowledged(ledger, 100)
    run = await lab.conclude(name, proxy.cuts, postgresql, ledger)
    run.check(times=cuts, acknowledged=cuts)
    return run


async def test_identical_requests_at_once(lab: Lab) -> None:
    """Two hundred times the same request at once, in many rounds: one row each, one answer for all."""
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    await _rounds(lab, "200 identical requests at once", postgresql, [[service.port] * AT_ONCE], lab.size(5, 50))


async def test_identical_requests_at_two_services(lab: Lab) -> None:
    """AC-29 across processes: the same requests at two services on one database at once, without a deadlock."""
    postgresql = await lab.postgresql()
    ports = [(await lab.service(postgresql.url)).port for _ in range(2)]
    await _rounds(lab, "identical requests at two services", postgresql, [ports * 2] * 25, lab.size(20, 200))
    connection = await postgresql.connect()
    deadlocks = await connection.fetchval("SELECT sum(deadlocks) FROM pg_stat_database")
    await connection.close()
    assert deadlocks == 0


async def _rounds(lab: Lab, name: str, postgresql: PostgreSQL, ports: Sequence[Sequence[int]], rounds: int) -> None:
    """In each round one signal for each group of ports, sent once to each of them, all at once in random order."""
    ledger, supply = Ledger(), signals(lab.seed)
    groups = [[Connection(port) for port in group] for group in ports]
    for _ in range(rounds):
        await _round(lab, ledger, list(zip(supply, groups)))  # noqa: B905  # the supply has no end
    for connection in chain.from_iterable(groups):
        connection.close()
    run = await lab.conclude(name, rounds, postgresql, ledger)
    run.check(times=rounds, acknowledged=rounds * len(groups))
    run.check_resends()
    run.check_answers()


async def _round(lab: Lab, ledger: Ledger, groups: Sequence[tuple[Signal, Sequence[Connection]]]) -> None:
    requests = [(signal, connection) for signal, group in groups for connection in group]
    lab.draw.shuffle(requests)
    answers = await asyncio.gather(*(_ask(ledger, signal, connection) for signal, connection in requests))
    assert {answer.status for answer in answers} == {201}
    for signal, _ in groups:
        same = [answer for (asked, _), answer in zip(requests, answers, strict=True) if asked is signal]
        first, *others = sorted(same, key=lambda answer: answer.replayed)
        assert not first.replayed, "no answer says that the signal was stored now"
        ledger.acknowledge(signal, first.body)
        for answer in others:
            ledger.compare(signal, answer.body, replayed=answer.replayed)


async def _ask(ledger: Ledger, signal: Signal, connection: Connection) -> Answer:
    started = time.monotonic()
    answer = await connection.ask(signal.request)
    ledger.attempted(answer.label, started)
    return answer
