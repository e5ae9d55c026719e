"""`make bench-refusals`: what a flood of wrong signatures costs beside as many good ones. `--help` lists the options.

It is the service's own processor time that is compared, so that neither the clients nor PostgreSQL count.
"""

import argparse
import subprocess
import sys
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

from service.proof.signing import mac
from tests.performance.arithmetic import InvalidRun
from tests.performance.bench import DOCUMENT, scratch_folder, unwind_when_terminated
from tests.performance.contestants import OURS, CannotStart, Server, running
from tests.performance.database import PostgreSQL, throw_away_postgresql
from tests.performance.floods import as_sent, flood_cost
from tests.performance.machine import facts
from tests.performance.report import publish, table
from tests.performance.signed import SECRET, signed_request

POOL = 10
NUMBERS = {300: 4000, 8192: 2000, 32_000: 500}
"""How many requests of each size make a flood."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests that are all answered with the same status: signed with `secret`, whole or the body alone."""

    title: str
    status: int
    secret: str
    whole: bool

    def request(self, size: int) -> bytes:
        """A request with a body of `size` bytes, as it goes over the wire."""
        body, headers = signed_request(size)
        rest = (headers["X-Timestamp"] + headers["X-Producer-Id"]).encode() if self.whole else b""
        headers["X-Signature"] = b64encode(mac(self.secret.encode(), body, rest, b"")).decode()
        return as_sent(body, headers)


ACCEPTED = Kind("accepted", 201, SECRET, whole=True)
KINDS = (
    ACCEPTED,
    Kind("refused: another secret", 401, "another secret, which proves nothing", whole=True),
    Kind("refused: a mistake that a hint names", 401, SECRET, whole=False),
)

Costs = Mapping[tuple[Kind, int], float]
"""Microseconds of processor time for each request, by kind and size."""


def measure(server: Server, postgresql: PostgreSQL, rounds: int) -> Costs:
    """Floods the server with each kind in turn. Raises InvalidRun when an answer is another than expected."""
    found: dict[tuple[Kind, int], list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        first = turn % len(KINDS)
        for size, kind in product(NUMBERS, KINDS[first:] + KINDS[:first]):
            postgresql.settle(OURS.database)
            cost = flood_cost(server, [kind.request(size) for _ in range(NUMBERS[size])], kind.status)
            # The first round warms up.
            if turn:
                found[kind, size].append(cost)
            print(f"round {turn}, {size:,} bytes, {kind.title}: {cost:.0f} us", flush=True)
    return {key: median(costs) for key, costs in found.items()}


def report(costs: Costs) -> str:
    """The costs, and whether a flood of refusals costs less than as many signals."""
    header = ["microseconds of processor time for each", *(f"{size:,} bytes" for size in NUMBERS)]
    return table(header, ([kind.title, *(_text(costs, kind, size) for size in NUMBERS)] for kind in KINDS))


def _text(costs: Costs, kind: Kind, size: int) -> str:
    cost, good = costs[kind, size], costs[ACCEPTED, size]
    if kind is ACCEPTED:
        return f"{cost:,.0f}"
    return f"{cost:,.0f}, {cost / good:.0%}{'' if cost < good else ' **more**'}"


def main(arguments: Sequence[str]) -> int:
    """Measures, prints and writes; the exit status is 1 when the figures would prove nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.refusals", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="alternating rounds, of which the median counts (6)")
    chosen = parser.parse_args(arguments)
    unwind_when_terminated()
    try:
        with scratch_folder() as folder, throw_away_postgresql(folder) as postgresql:
            around = facts(postgresql, folder)
            postgresql.create_migrated(OURS.database)
            with running(OURS, postgresql, folder, 1, POOL) as server:
                costs = measure(server, postgresql, chosen.rounds)
    except (CannotStart, InvalidRun, subprocess.CalledProcessError) as error:
        print(f"no figures: {error}", file=sys.stderr)
        return 1
    publish(DOCUMENT, "refusals", arguments, around, report(costs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
