"""Several clients at once, each with a connection that it keeps, which take hostile inputs from one stream."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from tests.hostile.inputs import hostile_input
from tests.hostile.reference import judge
from tests.hostile.reference_json import read, same
from tests.hostile.reference_signal import Sent
from tests.hostile.requests import encode
from tests.hostile.seed import SEED
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess
from tests.speaking.connection import Connection

CLIENTS = 16

_ROWS = """
SELECT id, producer_id, instrument, side, time, payload::text AS payload, version FROM signals WHERE id = ANY($1)
"""


@dataclass
class Outcome:
    """What came of many inputs."""

    answers: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    stored: dict[UUID, tuple[str | None, Sent, str]] = field(default_factory=dict)
    """Producer id, signal and origin of what was acknowledged, by its id."""

    def add(self, other: Self) -> None:
        """Count those of another outcome too."""
        self.answers += other.answers
        self.kinds += other.kinds
        self.slowest = max(self.slowest, other.slowest)

    def read_back(self, database: Database) -> None:
        """Fail unless each signal that was acknowledged is in the database as it was sent."""
        rows = {row["id"]: row for row in database.fetch(_ROWS, list(self.stored))}
        for identifier, (producer_id, sent, origin) in self.stored.items():
            row = rows[identifier]
            found = (row["producer_id"], row["instrument"], row["side"], row["time"], row["version"])
            assert found == (producer_id, sent.instrument, sent.side, sent.time, sent.version), origin
            assert (row["payload"] is None) == (sent.payload is None), origin
            payload = read((row["payload"] or "null").encode()).value
            assert same(sent.payload, payload), f"{origin}: stored {row['payload'][:1000]}"


def attack(service: ServiceProcess, numbers: Iterable[int]) -> Outcome:
    """Send the inputs with these numbers, and check every answer."""
    return asyncio.run(_attack(service, iter(numbers)))


async def _attack(service: ServiceProcess, numbers: Iterator[int]) -> Outcome:
    outcome = Outcome()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(_work(Connection(service.port), numbers, outcome))
    except* Exception as failures:
        raise failures.exceptions[0] from None
    return outcome


async def _work(connection: Connection, numbers: Iterator[int], outcome: Outcome) -> None:
    try:
        for number in numbers:
            await _try(connection, number, outcome)
    finally:
        connection.close()


async def _try(connection: Connection, number: int, outcome: Outcome) -> None:
    hostile = hostile_input(number)
    origin = f"HOSTILE_SEED={SEED}, input {number}: {hostile.title}"
    sent = encode(hostile.request)
    try:
        verdict = judge(hostile.request, datetime.now(UTC))
        answer = await connection.ask(sent)
        signals = verdict.check(answer)
    except Exception as failure:
        failure.add_note(origin)
        failure.add_note(repr(sent[:2000]))
        raise
    outcome.answers[answer.label] += 1
    outcome.kinds[hostile.title] += 1
    outcome.slowest = max(outcome.slowest, answer.seconds)
    outcome.stored |= {id: (verdict.producer_id, signal, origin) for id, signal in signals.items()}
