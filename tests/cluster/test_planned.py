"""What operators do on purpose: another leader, another release."""

import operator
from pathlib import Path

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.layout import SERVICES
from tests.cluster.release import make_next_release
from tests.cluster.trial import Trial, Work
from tests.running.environment import ROOT
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

PLANNED_SECONDS = 3.0


async def test_the_leader_is_taken_out(trial: Trial) -> None:
    """Its Patroni is told to stop, ends its PostgreSQL, and hands over to the synchronous standby. What Patroni then
    takes until the third node follows, at most a turn of its loop, comes on top."""
    times = trial.schedule.size(1, 5)
    cluster = trial.cluster
    async with trial.work("the leader's Patroni told to stop") as work:
        for _ in range(times):
            async with work.fault() as watch:
                place = f"{await cluster.patroni.leader()}/patroni"
                await cluster.stop(place)
                await work.until_led(watch)
                cluster.start(place)
    assert len(work.measured.leader_after) == times, "invalid: nobody else led"
    assert max(_silences_besides_following(work)) <= PLANNED_SECONDS


async def test_the_leader_is_switched(trial: Trial) -> None:
    """`patronictl switchover` to the synchronous standby. What Patroni then takes until the third node follows comes on
    top: if that looks while nobody leads, it leaves whoever was named two seconds to take over."""
    times = trial.schedule.size(1, 5)
    async with trial.work("patronictl switchover") as work:
        for _ in range(times):
            async with work.fault():
                await trial.cluster.patroni.switch_over()
    assert len(work.measured.leader_after) == times, "invalid: nobody else led"
    assert max(_silences_besides_following(work)) <= PLANNED_SECONDS


async def test_a_release_is_rolled_out_and_back(trial: Trial) -> None:
    """Its migration, through HAProxy and PgBouncer, then one service after the other, and the former release again; the
    column that the migration has added goes last. Nobody is refused anything."""
    times = trial.schedule.size(1, 2)
    cluster, following = trial.cluster, make_next_release(trial.cluster.layout.folder / "next")
    async with trial.work("release rolled out and back") as work:
        for _ in range(times):
            async with work.fault():
                await cluster.migrate(following)
                for name in SERVICES:
                    await _replace(cluster, name, following)
                for name in SERVICES:
                    await _replace(cluster, name, ROOT)
                await cluster.migrate(following, "--down")
    assert set(work.ledger.answers) == {"201"}
    assert max(work.measured.silences) <= PLANNED_SECONDS


def _silences_besides_following(work: Work) -> list[float]:
    measured = work.measured
    following = map(operator.sub, measured.confirmed_after, measured.leader_after)
    return list(map(operator.sub, measured.silences, following))


async def _replace(cluster: Cluster, name: str, source: Path) -> None:
    """Stop a service in good order and start another in its place; returns when it takes signals."""
    await cluster.stop(name)
    cluster.replace(name, source)
    log = cluster.log(name)
    told = log.stat().st_size
    cluster.start(name)
    await cluster.until_ready(name)
    await until(lambda: b'"Signal created"' in log.read_bytes()[told:], f"{name} takes signals")
