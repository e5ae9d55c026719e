"""What the producers were told, and how it compares with what is stored."""

import json
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.postgres.rows import LOOSE_RECEIPTS

Facts = tuple[UUID, datetime]
"""What an acknowledgement says of a signal: its id and when it was stored."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signed request, and the word in its payload by which it is known again."""

    marker: str
    request: bytes


@dataclass(slots=True)
class Ledger:
    """Kept by the producers while they work. All moments are of the monotonic clock."""

    acknowledged: dict[str, bytes] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    compared: int = 0
    changed: int = 0
    torn: int = 0
    """Batches whose signals were not all stored at one time."""

    @property
    def attempts(self) -> int:
        """How many requests were sent."""
        return self.answers.total() - self.answers["not sent"]

    def attempted(self, label: str, started: float) -> None:
        """Note how an attempt ended that began at `started`."""
        now = time.monotonic()
        self.answers[label] += 1
        if label != "not sent":
            self.slowest = max(self.slowest, now - started)
        if label == "201":
            self.moments.append(now)

    def acknowledge(self, signal: Signal, body: bytes) -> None:
        """Note the first 201 for a signal."""
        self.acknowledged[signal.marker] = body

    def compare(self, signal: Signal, body: bytes, *, replayed: bool) -> None:
        """Note that an acknowledged signal was sent once more: the same answer is due, marked as a replay."""
        self.compared += 1
        self.changed += not replayed or body != self.acknowledged[signal.marker]

    def first_after(self, moment: float) -> float | None:
        """When the first 201 after `moment` came."""
        position = bisect_right(self.moments, moment)
        return self.moments[position] if position < len(self.moments) else None

    def longest_silence(self, since: float = 0.0) -> float:
        """The longest time between two 201s that follow one another, the second of them after `since`."""
        return max((later - earlier for earlier, later in pairwise(self.moments) if later > since), default=0.0)


@dataclass(frozen=True, slots=True)
class Audit:
    """The comparison. A signal is lost when it was acknowledged and no row has its id, its time of storage and its
    marker; it is doubled when its marker stands in more than one row."""

    rows: int
    lost: int
    doubled: int
    loose_receipts: int


async def audit(ledger: Ledger, database: Any) -> Audit:
    """Compare the ledger with the tables, over a connection to the database."""
    rows = await database.fetch("SELECT id, created_at, payload ->> 'marker' AS marker FROM signals")
    stored: Mapping[Facts, str] = {(row["id"], row["created_at"]): row["marker"] for row in rows}
    copies = Counter(row["marker"] for row in rows)
    return Audit(
        rows=len(rows),
        lost=sum(stored.get(_facts(body)) != marker for marker, body in ledger.acknowledged.items()),
        doubled=sum(number > 1 for number in copies.values()),
        loose_receipts=await database.fetchval(LOOSE_RECEIPTS),
    )


def _facts(body: bytes) -> Facts:
    answer = json.loads(body)
    return UUID(answer["id"]), datetime.fromisoformat(answer["created_at"])
