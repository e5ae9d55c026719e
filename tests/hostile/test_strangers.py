"""Thousands of clients that prove nothing and keep their connections: they cost little memory, and honest producers are
served meanwhile, also with the largest body that there may be.

The full form (HOSTILE=full) has 3,000 clients of each kind and prints its figures.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from secrets import randbits

import pytest

from service.operate.process import allow_open_files
from tests.hostile.costs import descriptors, forget_peak, linux_only, peak, resident, settled_descriptors
from tests.hostile.honest import HonestProducers, beside
from tests.hostile.reference import BODY_MAX_BYTES
from tests.hostile.requests import encode, signal_body, signed
from tests.hostile.seed import FULL
from tests.hostile.strangers import STRANGERS, Crowd, Stranger
from tests.reliability.producers import signals
from tests.reliability.serving import SECRET
from tests.running.fleet import Configuration, Fleet, Running
from tests.running.service_process import ServiceProcess
from tests.running.waiting import wait_until
from tests.speaking.connection import Connection

CLIENTS = 3000 if FULL else 400
CROWD_BYTES = 100_000_000 if FULL else 60_000_000
PER_SECOND = 25


@dataclass(frozen=True)
class Besieged:
    """A service with signing on and a database, and its memory and descriptors before the first stranger came."""

    service: ServiceProcess
    memory: int
    descriptors: int


@pytest.fixture(scope="function" if FULL else "module")
def besieged(fleet: Fleet) -> Iterator[Besieged]:
    """The service that the strangers meet: in the full form each kind one of its own, else one kind after the other."""
    signing = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET.decode()}
    database = fleet.postgres.create()
    running = Running(Configuration(tuple(signing.items())), database, database.url)
    running.service.wait_until_ready()
    yield Besieged(running.service, resident(running.service), settled_descriptors(running.service))
    running.retire()


@linux_only
@pytest.mark.parametrize("kind", STRANGERS)
def test_strangers_cannot_fill_the_memory(besieged: Besieged, kind: str) -> None:
    assert allow_open_files(CLIENTS + 100) >= CLIENTS + 100
    service = besieged.service
    honest = HonestProducers(service.port, signals(randbits(32)), PER_SECOND)
    forget_peak(service)
    answers = asyncio.run(beside(honest, occupy(service.port, STRANGERS[kind])))
    grown = peak(service) - besieged.memory
    print(f"{CLIENTS} with {kind}: {dict(answers)}, {grown / 1e6:.1f} MB more resident memory")
    wait_until(lambda: descriptors(service) <= besieged.descriptors, "every descriptor is back")
    assert grown < CROWD_BYTES
    assert honest.statuses == {201}


async def occupy(port: int, stranger: Stranger) -> Counter[str]:
    """What the strangers are answered while they are all there, and a producer sends a signal of the largest size."""
    largest = signed(signal_body().ljust(BODY_MAX_BYTES), secret=SECRET)
    async with Crowd(port, stranger, CLIENTS) as crowd:
        connection = Connection(port)
        answer = await connection.ask(encode(largest))
        connection.close()
        assert answer.status == 201
        return crowd.answers()
