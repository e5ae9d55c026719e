"""Producers that send batches, the same bytes or signed anew under one key, until all is acknowledged."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice

from service.proof.signing import sign
from tests.reliability.ledger import Ledger, Signal
from tests.reliability.producers import PATIENCE_SECONDS, PAUSE_SECONDS, attempt, signals
from tests.reliability.serving import SECRET, Service
from tests.speaking.connection import Connection
from tests.speaking.exchange import BATCH, Answer

PRODUCERS = 6
ITEMS = 25
IMPATIENCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Batch:
    """Signals that travel together, under a key."""

    signals: Sequence[Signal]
    body: bytes
    key: str

    def request(self) -> bytes:
        """Signed now."""
        timestamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        head = (
            f"POST {BATCH} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(self.body)}",
            f"Idempotency-Key: {self.key}",
            "X-Producer-Id: reliability",
            f"X-Timestamp: {timestamp}",
            f"X-Signature: {sign(SECRET, self.body, timestamp, 'reliability')}",
        )
        return "\r\n".join(head).encode() + b"\r\n\r\n" + self.body


class BatchProducer:
    """A batch at a time. Every second try is signed anew."""

    def __init__(self, port: int, ledger: Ledger, draw: random.Random, patience: float) -> None:
        self._connection = Connection(port)
        self._ledger = ledger
        self._draw = draw
        self._patience = patience

    async def deliver(self, batch: Batch) -> None:
        """Send a batch until it is acknowledged, and once more to compare."""
        first = await self._until_stored(batch)
        results = json.loads(first.body)["results"]
        self._ledger.torn += len({result["created_at"] for result in results}) > 1
        for signal, result in zip(batch.signals, results, strict=True):
            self._ledger.acknowledge(signal, json.dumps(result).encode())
        again = await self._until_stored(batch)
        for signal, result in zip(batch.signals, json.loads(again.body)["results"], strict=True):
            self._ledger.compare(signal, json.dumps(result).encode(), replayed=again.replayed)

    async def _until_stored(self, batch: Batch) -> Answer:
        request = batch.request()
        for tried in count():
            answer = await attempt(self._connection, self._ledger, request, self._patience)
            if answer is not None and answer.status == 201:
                return answer
            await asyncio.sleep(self._draw.uniform(*PAUSE_SECONDS))
            request = batch.request() if tried % 2 else request
        raise AssertionError

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


@asynccontextmanager
async def batches_produced(services: Sequence[Service], ledger: Ledger, seed: int) -> AsyncIterator[None]:
    """Producers of batches at work, at all services in turn; every second one waits no longer than it has to."""
    supply = signals(seed)
    ended = asyncio.Event()

    async def produce(number: int) -> None:
        draw = random.Random(f"{seed}-batch-{number}")  # noqa: S311  # a schedule, not a secret
        patience = IMPATIENCE_SECONDS if number % 2 else PATIENCE_SECONDS
        producer = BatchProducer(services[number % len(services)].port, ledger, draw, patience)
        try:
            for place in count():
                if ended.is_set():
                    return
                some = list(islice(supply, ITEMS))
                bodies = b",".join(signal.request.partition(b"\r\n\r\n")[2] for signal in some)
                await producer.deliver(Batch(some, b'{"signals":[%b]}' % bodies, f"{seed:x}-{number}-{place}"))
        finally:
            producer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(PRODUCERS):
            group.create_task(produce(number))
        yield
        ended.set()
