"""Producers that resend the same signed bytes until the answer is 201."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple, Protocol

import pytest

from service.proof.signing import sign
from tests.reliability.ledger import Ledger, Signal
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.serving import SECRET
from tests.running.waiting import until, until_true
from tests.speaking.connection import Broken, Connection, NotSent
from tests.speaking.exchange import Answer

PRODUCERS = 16
PATIENCE_SECONDS = 10.0
"""After this long without an answer the request counts as never answered: twice what the contract allows."""

PAUSE_SECONDS = (0.005, 0.03)
"""Between an attempt that failed and the next one, drawn from the seed."""

RESENT = 0.05
"""How many of the acknowledged signals are sent once more, to compare the answers."""


class Load(NamedTuple):
    """What producers send."""

    title: str
    """What is added to the name of a fault."""
    note_bytes: int
    """How long the text in each payload is."""
    statements: int
    """How many statements store it at once."""


SMALL, LARGE = Load("", 160, 1), Load(", large payloads", 30_000, 2)
LOADS = pytest.mark.parametrize("load", [SMALL, LARGE], ids=["small", "large"])
"""Four large ones that wait are enough for a second statement."""

RECONNECTED = 0.02
"""How many signals are sent over a new connection, so that several processes have their share of them."""


class Addressed(Protocol):
    """Whatever takes signals at a port of this machine."""

    @property
    def port(self) -> int:
        """The port."""


def signals(seed: int, note_bytes: int = SMALL.note_bytes) -> Iterator[Signal]:
    """Signed requests without end, each with a marker of its own, and none a duplicate of another."""
    for number in count(1):
        marker = f"{seed:x}-{number}"
        now = datetime.now(UTC)
        moment = f"{now:%Y-%m-%dT%H:%M:%S}.{number % 1_000_000:06}Z"
        body = (
            f'{{"instrument":"XAUUSD","side":{number % 2},"time":"{moment}","payload":'
            f'{{"marker":"{marker}","price":2650.50,"note":"{"n" * note_bytes}"}},"version":1}}'
        ).encode()
        yield Signal(marker, _signed_request(body, f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"))


def _signed_request(body: bytes, timestamp: str) -> bytes:
    head = (
        "POST /api/v1/signals HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "X-Producer-Id: reliability",
        f"X-Timestamp: {timestamp}",
        f"X-Signature: {sign(SECRET, body, timestamp, 'reliability')}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def attempt(connection: Connection, ledger: Ledger, request: bytes, patience: float) -> Answer | None:
    """Send a request once, and note how that ended; None when there was no answer."""
    started, answer = time.monotonic(), None
    try:
        answer = await connection.ask(request, patience)
        label = answer.label
    except NotSent:
        label = "not sent"
    except Broken:
        label = "broken"
    except TimeoutError:
        label = "abandoned"
    ledger.attempted(label, started)
    return answer


class Producer:
    """One client: a signal at a time, the same bytes again and again until the answer is 201."""

    def __init__(self, port: int, ledger: Ledger, draw: random.Random, patience: float, resent: float) -> None:
        self._connection = Connection(port)
        self._ledger = ledger
        self._draw = draw
        self._patience = patience
        self._resent = resent

    async def deliver(self, signal: Signal) -> None:
        """Resend a signal until it is acknowledged, and sometimes once more."""
        if self._draw.random() < RECONNECTED:
            self.close()
        self._ledger.acknowledge(signal, (await self._until_created(signal)).body)
        if self._draw.random() < self._resent:
            again = await self._until_created(signal)
            self._ledger.compare(signal, again.body, replayed=again.replayed)

    async def _until_created(self, signal: Signal) -> Answer:
        while True:
            answer = await attempt(self._connection, self._ledger, signal.request, self._patience)
            if answer is not None and answer.status == 201:
                return answer
            await asyncio.sleep(self._draw.uniform(*PAUSE_SECONDS))

    @property
    def waiting(self) -> bool:
        """Whether it has sent a request that has not been answered."""
        return self._connection.waiting

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


@asynccontextmanager
async def producing(
    service: Addressed,
    ledger: Ledger,
    seed: int,
    *,
    impatience: float = PATIENCE_SECONDS,
    resent: float = RESENT,
    producers: int = PRODUCERS,
    rest: float = 0.0,
    load: Load = SMALL,
) -> AsyncIterator[Sequence[Producer]]:
    """Producers at work; at the end each of them finishes the signal that it is sending.

    Every second producer waits for an answer no longer than `impatience`. Between two signals each rests for a time
    drawn from the seed, at most `rest` seconds.
    """
    supply = signals(seed, load.note_bytes)
    ended = asyncio.Event()

    async def produce(producer: Producer, draw: random.Random) -> None:
        try:
            while not ended.is_set():
                await producer.deliver(next(supply))
                if rest:
                    await asyncio.sleep(draw.uniform(0, rest))
        finally:
            producer.close()

    crowd: list[Producer] = []
    async with asyncio.TaskGroup() as group:
        for number in range(producers):
            patience = impatience if number % 2 else PATIENCE_SECONDS
            draw = random.Random(f"{seed}-{number}")  # noqa: S311  # a schedule, not a secret
            crowd.append(Producer(service.port, ledger, draw, patience, resent))
            group.create_task(produce(crowd[-1], draw))
        yield crowd
        ended.set()


@asynccontextmanager
async def all_waiting(
    postgresql: PostgreSQL, producers: Sequence[Producer], statements: int = 1
) -> AsyncIterator[None]:
    """Each has sent a signal, and at least so many statements wait for a locked table to store some."""
    holder = await postgresql.connect()

    async def storing() -> bool:
        waiting: int = await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return waiting >= statements

    try:
        await holder.execute("BEGIN; LOCK TABLE signals IN EXCLUSIVE MODE")
        await until(lambda: all(producer.waiting for producer in producers), "all wait for an answer")
        await until_true(storing, f"{statements} statements wait for the table")
        yield
    finally:
        await holder.close()


async def as_said(load: Load, postgresql: PostgreSQL, producers: Sequence[Producer]) -> None:
    """Show once that as many statements store at once what producers send as its load says."""
    async with all_waiting(postgresql, producers, load.statements):
        return
