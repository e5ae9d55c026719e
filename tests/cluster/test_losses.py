"""What a cluster needs and does not have for a while: its standbys, its etcd, the network between service and data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.layout import NODES
from tests.cluster.network import swallowing
from tests.cluster.trial import Trial

pytestmark = pytest.mark.anyio

BACK_SECONDS = 6.0
"""After the network is well again."""

OBEY_SECONDS = 5.0
"""Two turns of Patroni's loop: by then every node goes by a changed configuration."""


@asynccontextmanager
async def configured(cluster: Cluster, setting: str, *, on: bool) -> AsyncIterator[None]:
    """A setting of Patroni's that is on, on or off for a while."""
    await cluster.patroni.configure(**{setting: on})
    await asyncio.sleep(OBEY_SECONDS)
    try:
        yield
    finally:
        await cluster.patroni.until_healthy()
        await cluster.patroni.configure(**{setting: True})


async def kill_database(cluster: Cluster, node: str) -> None:
    """Patroni and PostgreSQL of a node, and not its etcd: where two of three are lost, nothing is decided any more."""
    await cluster.kill(f"{node}/patroni")
    await cluster.kill(f"{node}/postgresql")


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "not strict"])
async def test_both_standbys_are_lost(trial: Trial, strict: bool) -> None:
    """Strict, nothing is acknowledged until one of them is back. Not strict, the leader goes on alone after a while."""
    cluster, seconds = trial.cluster, trial.schedule.size(8, 30)
    name = f"both standbys killed, {'' if strict else 'not '}strict"
    async with (
        configured(cluster, "synchronous_mode_strict", on=strict),
        trial.work(name) as work,
        work.fault(),
    ):
        leader = await cluster.patroni.leader()
        standbys = [node for node in NODES if node != leader]
        await asyncio.gather(*(kill_database(cluster, node) for node in standbys))
        killed = len(work.ledger.acknowledged)
        await asyncio.sleep(seconds)
        alone = len(work.ledger.acknowledged) - killed
        for node in standbys:
            cluster.start_all(node)
    # What was under way when they were killed may have been confirmed by them.
    assert (alone <= 32) is strict, f"{alone} acknowledged without a standby"


@pytest.mark.parametrize(
    ("members", "failsafe"),
    [(3, True), (2, True), (3, False)],
    ids=["all three", "its quorum", "all three, failsafe_mode off"],
)
async def test_etcd_is_away(trial: Trial, members: int, failsafe: bool, request: pytest.FixtureRequest) -> None:
    """With `failsafe_mode` the leader goes on while it reaches all other nodes; without it, it stops."""
    cluster, seconds = trial.cluster, trial.schedule.size(25, 60)
    name = f"etcd away: {request.node.callspec.id}, for {seconds} s"
    async with (
        configured(cluster, "failsafe_mode", on=failsafe),
        trial.work(name) as work,
        work.fault(),
    ):
        away = [f"{node}/etcd" for node in NODES[:members]]
        await asyncio.gather(*map(cluster.kill, away))
        await asyncio.sleep(seconds)
        for place in away:
            cluster.start(place)
    stopped = max(work.measured.silences) > BACK_SECONDS
    assert stopped is not failsafe


async def test_packets_are_swallowed(trial: Trial) -> None:
    """On all sockets between the services, HAProxy and PgBouncer: no end is told, and each waits."""
    layout, seconds = trial.cluster.layout, trial.schedule.size(8, 30)
    async with trial.work(f"packets to the database swallowed for {seconds} s") as work:
        for _ in range(trial.schedule.size(1, 2)):
            async with work.fault():
                with swallowing(layout, layout.ports.write, layout.ports.pgbouncer):
                    await asyncio.sleep(seconds)
    assert max(work.measured.silences) >= seconds - 1, "invalid: the fault had no effect"
    assert max(work.measured.back_after) <= BACK_SECONDS
