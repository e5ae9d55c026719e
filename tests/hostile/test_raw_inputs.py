"""Raw input, much of it: smuggled requests, broken framing, floods, other protocols, noise, clients that vanish.

Nothing of it is stored, nothing of it is an error of the service, and the next honest signal does not have to wait.
"""

from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest

from tests.hostile.conftest import unfailing
from tests.hostile.intruders import intrude
from tests.hostile.requests import encode, signal_body, signed
from tests.hostile.seed import FULL
from tests.hostile.trial import rows
from tests.hostile.wire import Wire
from tests.observing.contract import check_created
from tests.running.fleet import Fleet, Running

NUMBER = 20_000 if FULL else 1_500
ROUND = 300
"""So many at once: a round takes as long as the service is patient."""

HONEST_SIGNALS = 3
HONEST_SECONDS = 0.1
"""For the median of the honest signals after the rounds of intruders: a single one may find the machine busy with
something else."""


@pytest.fixture
def impatient(fleet: Fleet) -> Iterator[Running]:
    """A service with signing on that waits a second for whatever is to come."""
    with unfailing(fleet, SIGNALS_IDLE_SECONDS="1", SIGNALS_RECEIVE_SECONDS="1") as running:
        yield running


def test_raw_inputs(impatient: Running) -> None:
    """Seen to fail when the protocol looks for the next request behind garbage, a malformed request is answered in
    plain text or logged as an error, a request has no deadline, storing a signal takes 110 ms more."""
    before = rows(impatient)
    answers: Counter[str] = Counter()
    honest = []
    for start in range(0, NUMBER, ROUND):
        answers += intrude(impatient.service, range(start, min(start + ROUND, NUMBER)))
        honest += [_honest_seconds(impatient) for _ in range(HONEST_SIGNALS)]
        assert rows(impatient) == before + len(honest), f"raw inputs from {start} on"
    print(f"{answers}\nhonest signals: median {median(honest) * 1000:.1f} ms, slowest {max(honest) * 1000:.1f} ms")
    assert median(honest) < HONEST_SECONDS


def _honest_seconds(running: Running) -> float:
    with Wire(running.service) as wire:
        answer = wire.send(encode(signed(signal_body()))).next_answer()
    check_created(answer)
    return answer.seconds
