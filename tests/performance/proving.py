"""What it costs a request that its producer has a key of its own among many, beside the secret that all share."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.performance.contestants import Contestant, running
from tests.performance.database import PostgreSQL
from tests.performance.floods import as_sent, flood_cost
from tests.performance.report import table
from tests.performance.signed import signed_request
from tests.running.waiting import wait_until

SHARED = Contestant("shared", "the shared secret, nobody is registered", "service")
KEYS = Contestant("keys", "a key of its own", "service")
POOL = 10
SIZE = 300
REQUESTS = 4000
"""In each flood, each in the name of another producer."""

AIM = 1.03

Costs = Mapping[Contestant, list[float]]
"""Microseconds of processor time for each request, by round."""


def name_of(number: int) -> str:
    """What producers are called."""
    return f"producer-{number}"


def measure(postgresql: PostgreSQL, folder: Path, rounds: int, producers: int, sealing_key: str) -> Costs:
    """Floods both services in turn with the same kind of signals; the producers are registered with the secret of the
    bench. Raises InvalidRun when one is refused."""
    found: Costs = {SHARED: [], KEYS: []}
    sealed = {"SIGNALS_SEALING_KEYS": sealing_key}
    with (
        running(SHARED, postgresql, folder, 1, POOL) as shared,
        running(KEYS, postgresql, folder, 1, POOL, sealed) as keys,
    ):
        servers = [shared, keys]
        for server in servers:
            wait_until(server.ready, f"{server.contestant.title}: the service is ready")
        for turn in range(rounds + 1):
            for server in servers if turn % 2 else reversed(servers):
                postgresql.settle(server.contestant.database)
                cost = flood_cost(server, _requests(producers), 201)
                # The first round warms up.
                if turn:
                    found[server.contestant].append(cost)
                print(f"round {turn}, {server.contestant.title}: {cost:.0f} us", flush=True)
    return found


def _requests(producers: int) -> list[bytes]:
    names = (name_of(number * 7919 % producers) for number in range(REQUESTS))
    return [as_sent(*signed_request(SIZE, name)) for name in names]


def report(costs: Costs, producers: int) -> str:
    """The costs, and by how much one is above the other."""
    ratio = median(keys / shared for shared, keys in zip(costs[SHARED], costs[KEYS], strict=True))
    verdict = "reached" if ratio < AIM else "**missed**"
    aim = f"more (median of {len(costs[KEYS])} rounds; the aim is under {AIM - 1:.0%})"
    return table(
        [f"proven by, {SIZE:,}-byte bodies", "microseconds of processor time for each"],
        [
            [SHARED.title, f"{median(costs[SHARED]):,.0f}"],
            [f"{KEYS.title}, among {producers:,} producers", f"{median(costs[KEYS]):,.0f}"],
            [aim, f"{ratio - 1:.1%}, {verdict}"],
        ],
    )
