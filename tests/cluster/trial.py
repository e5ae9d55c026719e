"""Producers and readers at work while a cluster is hurt, and what came of it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.cluster.cluster import Cluster
from tests.cluster.layout import NODES
from tests.cluster.outcome import Measured, Outcome
from tests.reliability.followers import Follower, following
from tests.reliability.lab import Schedule
from tests.reliability.ledger import Ledger, audit
from tests.reliability.pagers import PASSING, Pager, paging
from tests.reliability.producers import producing
from tests.reliability.run import Row
from tests.running.waiting import until

REST_SECONDS = 0.2
"""Between two pages of a reader, and between two signals of a producer, at most: some 200 signals a second of
thirty-two of them are enough to be in the way of a fault, and leave room on one machine for all the programs of a
cluster."""

FILTERS = [{}, {"instrument": "XAUUSD"}, {"instrument": "X*"}, {"producer": "reliability"}]

OF_HAPROXY = {502, 504}
"""What it answers readers whose service has died or is silent."""

BACK_SECONDS = 90.0
LOOK_SECONDS = 0.1


@dataclass(slots=True)
class Watch:
    """When a fault began, when another node said of itself that it leads, since when a standby has confirmed what that
    commits, and when what was done was over."""

    began: float
    led: float | None = None
    confirmed: float | None = None
    ended: float = 0.0


@dataclass(slots=True)
class Work:
    """What is going on, and what was measured of each fault."""

    cluster: Cluster
    schedule: Schedule
    ledger: Ledger
    each: int
    """How many signals are acknowledged before the first fault, and again after each."""
    measured: Measured = field(default_factory=Measured)

    @asynccontextmanager
    async def fault(self) -> AsyncIterator[Watch]:
        """What is done inside hurts. Returns when signals are stored again, and the cluster has mended itself."""
        watch = Watch(time.monotonic())
        watching = asyncio.create_task(self._watch(watch, await self.cluster.patroni.leader()))
        try:
            yield watch
            watch.ended = time.monotonic()
            await self.until_created(watch.ended)
            await self.cluster.patroni.until_healthy()
            await self.cluster.until_free()
            await self.schedule.acknowledged(self.ledger, self.each)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
        self._measure(watch)

    async def until_created(self, moment: float) -> None:
        """Return at the first 201 after a moment."""
        await until(lambda: self.ledger.first_after(moment) is not None, "a signal is acknowledged again", BACK_SECONDS)

    async def until_led(self, watch: Watch) -> None:
        """Return when another node leads."""
        await until(lambda: watch.led is not None, "another node leads", BACK_SECONDS)

    async def _watch(self, watch: Watch, leader: str) -> None:
        patroni, others = self.cluster.patroni, [node for node in NODES if node != leader]
        while watch.led is None:
            said = await asyncio.gather(*map(patroni.leads, others))
            if any(said):
                leader, watch.led = others[said.index(True)], time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)
        while watch.confirmed is None:
            if await patroni.is_confirmed(leader):
                watch.confirmed = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    def _measure(self, watch: Watch) -> None:
        self.measured.silences.append(self.ledger.longest_silence(since=watch.began))
        mended = watch.led or watch.ended
        back = self.ledger.first_after(mended) or mended
        if watch.led is not None:
            mended = watch.confirmed or back
            self.measured.leader_after.append(watch.led - watch.began)
            self.measured.confirmed_after.append(mended - watch.began)
        self.measured.back_after.append(max(0.0, back - mended))


class Trial:
    """One fault of one cluster, brought about under load."""

    def __init__(self, cluster: Cluster, schedule: Schedule, report: Callable[[Row], None]) -> None:
        self.cluster = cluster
        self.schedule = schedule
        self._report = report

    @asynccontextmanager
    async def work(self, fault: str) -> AsyncIterator[Work]:
        """Producers that resend and readers that follow, through the entrance. At the end it is compared what was
        acknowledged, what is stored, and what each reader has seen; and reported before anything is asserted."""
        await self._clear()
        schedule, ledger = self.schedule, Ledger()
        work = Work(self.cluster, schedule, ledger, each=schedule.size(50, 200))
        producers = schedule.size(8, 32)
        pagers = [self._pager(number) for number in range(schedule.size(1, 4))]
        async with (
            following(self.cluster.port, FILTERS * schedule.size(1, 4), schedule.seed) as followers,
            paging(pagers),
        ):
            async with producing(self.cluster, ledger, schedule.seed, producers=producers, rest=REST_SECONDS):
                await schedule.acknowledged(ledger, work.each)
                yield work
            outcome = await self._outcome(fault, work, [*followers, *pagers])
        self._report(outcome.row())
        outcome.check()

    def _pager(self, number: int) -> Pager:
        draw = random.Random(f"{self.schedule.seed}-{number}")  # noqa: S311  # a schedule, not a secret
        return Pager(self.cluster.port, FILTERS[number], draw, rest=REST_SECONDS, passing={*PASSING, *OF_HAPROXY})

    async def _outcome(self, fault: str, work: Work, readers: Sequence[Follower | Pager]) -> Outcome:
        connection = await self.cluster.superuser(await self.cluster.patroni.leader())
        try:
            compared = await audit(work.ledger, connection)
            rows = await connection.fetch("SELECT id FROM signals ORDER BY epoch, xact, id")
        finally:
            await connection.close()
        stored = [str(row["id"]) for row in rows]
        seeing = until(lambda: all(set(stored) <= set(each.ids) for each in readers), "all have seen all")
        with suppress(AssertionError):  # what was skipped is counted, and told with the rest
            await seeing
        seen, paged = [each.ids for each in readers], await self.cluster.pages_of_standbys()
        return Outcome(fault, self.schedule.seed, work.ledger, compared, stored, seen, paged, work.measured)

    async def _clear(self) -> None:
        self.cluster.mend()
        await self.cluster.patroni.until_healthy()
        connection = await self.cluster.superuser(await self.cluster.patroni.leader())
        try:
            await connection.execute("TRUNCATE signals, receipts")
        finally:
            await connection.close()
