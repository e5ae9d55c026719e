"""Signed hostile input, much of it: every answer is one of those that the contract allows, nothing hangs, nothing is
an error of the service, what is accepted stands in the database as it was sent, and no memory stays behind."""

from tests.hostile.costs import MEMORY_BYTES, linux_only, resident
from tests.hostile.crowd import Outcome, attack
from tests.hostile.seed import FULL
from tests.running.fleet import Running

NUMBER = 100_000 if FULL else 5_000
WARM_UP = 2_000
ROUND = 2_000


@linux_only
def test_signed_inputs(running: Running) -> None:
    """After some thousand inputs the service has the memory that it needs; what comes on top of that is a leak.

    Seen to fail when an exception of the parser leaves the handler, keys may come twice, nothing is looked for that
    `jsonb` cannot hold, the payload is stored from a Python copy, signatures are compared as text or by their
    beginning or by the bytes that they decode to, bodies are kept in memory, a request is never answered.
    """
    attack(running.service, range(NUMBER, NUMBER + WARM_UP)).read_back(running.database)
    memory = resident(running.service)
    whole = Outcome()
    for start in range(0, NUMBER, ROUND):
        outcome = attack(running.service, range(start, min(start + ROUND, NUMBER)))
        outcome.read_back(running.database)
        whole.add(outcome)
    grown = resident(running.service) - memory
    print(f"{whole}\nresident memory grew by {grown / 1e6:.1f} MB")
    assert whole.answers.total() == NUMBER
    assert grown < MEMORY_BYTES
