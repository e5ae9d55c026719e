"""A leader that is held up, as by a machine that is out of memory or a snapshot of its disk, and that wakes again."""

import time

import pytest

from tests.cluster.prober import probing
from tests.cluster.test_kills import check_taken_over
from tests.cluster.trial import Trial
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

HELD_SECONDS = 60.0


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("", "SIGSTOP of the leader's node"),
        ("/postgresql", "SIGSTOP of its PostgreSQL alone"),
        ("/patroni", "SIGSTOP of its Patroni alone"),
    ],
)
async def test_the_leader_is_frozen(trial: Trial, program: str, name: str) -> None:
    """Longer than its lease lasts. Whoever asks it past HAProxy gets nothing acknowledged any more once another one
    leads, nor when it wakes; it comes back as a standby, with no hand."""
    times, seconds = trial.schedule.size(1, 2), trial.schedule.size(15, 40)
    async with trial.work(name) as work:
        for _ in range(times):
            node = await trial.cluster.patroni.leader()
            async with probing(trial.cluster, node) as prober:
                await until(lambda: bool(prober.acknowledged), "the leader acknowledges")
                async with work.fault() as watch:
                    trial.cluster.freeze(f"{node}{program}")
                    await work.until_led(watch)
                    await until(lambda: time.monotonic() - watch.began > seconds, "it wakes", HELD_SECONDS)
                    trial.cluster.thaw(f"{node}{program}")
                assert watch.led is not None
                assert prober.acknowledged_after(watch.led) == 0
                assert await prober.lost() == 0
    check_taken_over(work, times)
