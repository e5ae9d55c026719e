"""Crowds of slow and greedy clients: they are cut in time, leave nothing behind, and honest producers do not notice.

The full form (HOSTILE=full) has the default limits, 200 clients of each habit, and the times of the honest; it prints
its figures. Seen red without a deadline for requests, when idle connections were never closed, when a client that does
not read was waited for, with the idle limit in the place of the deadline, when each connection left a descriptor
behind, and, memory and times alike, when each client got a copy of the answer that it did not read.
"""

import asyncio
from collections.abc import Sequence
from re import MULTILINE, findall
from secrets import randbits

import pytest

from tests.hostile.costs import check_duration, descriptors, forget_peak, linux_only, peak, settled_descriptors
from tests.hostile.honest import HonestProducers, beside
from tests.hostile.seed import FULL
from tests.hostile.slow_clients import HABITS, Cut, besiege
from tests.reliability.producers import signals
from tests.reliability.serving import SECRET
from tests.running.fleet import Configuration, Fleet, Running
from tests.running.waiting import wait_until

LIMITS = {"receive": 10.0, "idle": 10.0} if FULL else {"receive": 1.5, "idle": 1.0}
CLIENTS = 200 if FULL else 20
ARRIVAL_SECONDS = 2.0 if FULL else 0.5
PER_SECOND = 100 if FULL else 25
QUIET_SECONDS = 12.0
SLOWER_SECONDS = 0.020

CROWD_BYTES = 20_000_000
"""How much resident memory the whole crowd may cost. A copy of the longest answer for each client that does not read it
made 357 MB of it."""


@pytest.fixture
def running(fleet: Fleet) -> Running:
    """A service with signing on and a database."""
    settings = {
        "HMAC_PRODUCER_ENABLED": "true",
        "HMAC_PRODUCER_SECRET": SECRET.decode(),
        "SIGNALS_RECEIVE_SECONDS": str(LIMITS["receive"]),
        "SIGNALS_IDLE_SECONDS": str(LIMITS["idle"]),
    }
    return fleet.shared(Configuration(tuple(sorted(settings.items()))))


@linux_only
def test_a_crowd_of_slow_clients_is_cut_and_honest_producers_do_not_notice(running: Running) -> None:
    service = running.service
    supply = signals(randbits(32))
    quiet, besieged = (HonestProducers(service.port, supply, PER_SECOND) for _ in range(2))
    asyncio.run(beside(quiet, asyncio.sleep(QUIET_SECONDS if FULL else 1)))
    before = settled_descriptors(service)
    forget_peak(service)
    memory = peak(service)
    cuts = asyncio.run(beside(besieged, besiege(service.port, CLIENTS, ARRIVAL_SECONDS)))
    wait_until(lambda: descriptors(service) <= before, "every descriptor is back")
    grown = peak(service) - memory
    print(*figures(cuts, quiet, besieged, grown), sep="\n")
    assert grown < CROWD_BYTES
    for cut in cuts:
        check_cut(cut)
    assert quiet.statuses | besieged.statuses == {201}
    if FULL:
        assert besieged.p99 - quiet.p99 < SLOWER_SECONDS


def check_cut(cut: Cut) -> None:
    """The client met its limit, no other and no sooner, and was answered as it deserves."""
    habit = HABITS[cut.habit]
    check_duration(cut.seconds, LIMITS[habit.kept_by])
    statuses = [int(status) for status in findall(rb"^HTTP/1.1 (\d+) ", cut.received, MULTILINE)]
    assert statuses == ([] if habit.answered is None else [habit.answered]), cut


def figures(cuts: Sequence[Cut], quiet: HonestProducers, besieged: HonestProducers, memory: int) -> Sequence[str]:
    """What docs/hostile.md tells."""
    times = {name: [cut.seconds for cut in cuts if cut.habit == name] for name in HABITS}
    return [
        *(f"{name}: {len(each)} cut after {min(each):.2f} to {max(each):.2f} s" for name, each in times.items()),
        f"p99 of {len(quiet.seconds)} signals alone {quiet.p99 * 1000:.1f} ms",
        f"p99 of {len(besieged.seconds)} signals beside them {besieged.p99 * 1000:.1f} ms",
        f"{memory / 1e6:.1f} MB more resident memory at the peak",
    ]
