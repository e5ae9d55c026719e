"""Programs and machines that die: a node, one program of it, a standby, a service."""

import asyncio

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.trial import Trial, Work

pytestmark = pytest.mark.anyio

TAKE_OVER_SECONDS = 3.0
"""From the moment that another node leads and a standby confirms what it commits until the first 201. That moment is
Patroni's: the standby that is left may have to be wound back first."""

RESTART_SECONDS = 1.0
PATRONI_SECONDS = 20.0
"""Where nobody has to lead in the leader's place: less than Patroni would take."""


def check_taken_over(work: Work, times: int) -> None:
    """Another one led each time, and signals were stored soon after."""
    assert len(work.measured.leader_after) == times, "invalid: nobody else led"
    assert max(work.measured.back_after) <= TAKE_OVER_SECONDS, (
        f"201 {work.measured.back_after} s after Patroni had done its part"
    )


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("", "kill -9 of the leader's node"),
        ("/postgresql", "kill -9 of its PostgreSQL alone"),
        ("/patroni", "kill -9 of its Patroni alone"),
    ],
)
async def test_the_leader_is_killed(trial: Trial, program: str, name: str) -> None:
    """Its whole machine, which boots when another one leads. Its PostgreSQL, while its Patroni lives: that does not
    start it again, since a PostgreSQL that recovers shows what no standby has. Its Patroni, while its PostgreSQL lives
    and takes connections."""
    times = trial.schedule.size(1, 3)
    async with trial.work(name) as work:
        for _ in range(times):
            node = await trial.cluster.patroni.leader()
            async with work.fault() as watch:
                await trial.cluster.kill(f"{node}{program}")
                await work.until_led(watch)
                trial.cluster.start_all(node)
    check_taken_over(work, times)


async def test_the_synchronous_standby_is_killed(trial: Trial) -> None:
    """`kill -9` of its node: the other standby confirms commits from then on."""
    times = trial.schedule.size(1, 3)
    async with trial.work("kill -9 of the synchronous standby") as work:
        for _ in range(times):
            node = await trial.cluster.patroni.synchronous()
            async with work.fault():
                await trial.cluster.kill(node)
                await asyncio.sleep(work.schedule.size(2, 10))
                trial.cluster.start_all(node)
    assert max(work.measured.silences) <= PATRONI_SECONDS


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("service1", "kill -9 of a service"),
        ("database", "kill -9 of HAProxy before PostgreSQL"),
        ("pgbouncer", "kill -9 of the leader's PgBouncer"),
    ],
)
async def test_a_program_on_the_way_is_killed(trial: Trial, place: str, name: str) -> None:
    """`kill -9`, and a start within a second, as systemd does it. Nobody else has to lead for that."""
    times = trial.schedule.size(1, 3)
    async with trial.work(name) as work:
        for _ in range(times):
            async with work.fault():
                await kill_and_start(trial.cluster, await place_of(trial.cluster, place), work)
    assert work.measured.leader_after == []
    assert max(work.measured.silences) <= RESTART_SECONDS + TAKE_OVER_SECONDS


async def place_of(cluster: Cluster, program: str) -> str:
    """Where a program runs, that of the leader's node if there is one on each."""
    return f"{await cluster.patroni.leader()}/pgbouncer" if program == "pgbouncer" else program


async def kill_and_start(cluster: Cluster, place: str, work: Work) -> None:
    """Dead for at most a second."""
    await cluster.kill(place)
    await work.schedule.pause(RESTART_SECONDS)
    cluster.start(place)
