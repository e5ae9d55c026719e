"""Producers that resend the same signed bytes until the answer is 201, over connections that know what was sent."""

import asyncio
import json
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from service.proof.signing import sign
from tests.reliability.ledger import Ledger, Signal
from tests.reliability.serving import SECRET, Service

PRODUCERS = 16
PATIENCE_SECONDS = 10.0
"""After this long without an answer the request counts as never answered: twice what the contract allows."""

PAUSE_SECONDS = (0.005, 0.03)
"""Between an attempt that failed and the next one, drawn from the seed."""

RESENT = 0.05
"""How many of the acknowledged signals are sent once more, to compare the answers."""

RECONNECTED = 0.02
"""How many signals are sent over a new connection, so that several processes have their share of them."""

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_REPLAYED = re.compile(rb"\r\nidempotent-replayed: true\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: close\r\n", re.IGNORECASE)


class NotSent(Exception):
    """There was no connection to send the request on."""


class Broken(Exception):
    """The connection ended after the request had been handed over completely, and before its answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and whether it says that the request had been stored before."""

    status: int
    body: bytes
    replayed: bool

    @property
    def label(self) -> str:
        """The status, and the code of a refusal."""
        return str(self.status) if self.status < 400 else f"{self.status} {json.loads(self.body).get('code', '-')}"


class Connection:
    """One keep-alive connection to the service."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self.waiting = False
        """Whether a request has been handed over and its answer has not come."""

    async def ask(self, request: bytes, patience: float = PATIENCE_SECONDS) -> Answer:
        """Send a request and wait for its answer.

        Raises NotSent, Broken, or TimeoutError when there was no answer for `patience` seconds.
        """
        try:
            async with asyncio.timeout(patience):
                if self._socket is None or _hung_up(self._socket):
                    await self._open()
                return await self._exchange(request)
        except BaseException:
            self.close()
            raise

    async def _open(self) -> None:
        self.close()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", self._port))
        except OSError:
            raise NotSent from None

    async def _exchange(self, request: bytes) -> Answer:
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._socket, request)
        except OSError:
            raise NotSent from None
        if _hung_up(self._socket):
            raise NotSent
        self.waiting = True
        received = b""
        while True:
            try:
                chunk = await loop.sock_recv(self._socket, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                raise Broken
            received += chunk
            head, end, body = received.partition(b"\r\n\r\n")
            if end and len(body) >= _declared_length(head):
                return self._finished(head + end, body)

    def _finished(self, head: bytes, body: bytes) -> Answer:
        self.waiting = False
        if _CLOSE.search(head):
            self.close()
        return Answer(int(head[9:12]), body, bool(_REPLAYED.search(head)))

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self.waiting = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side has ended the connection in good order. When it has not, right after a request was
    handed over, then the request arrived before the end: on one machine the kernel delivers at once."""
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return False


def _declared_length(head: bytes) -> int:
    found = _LENGTH.search(head)
    assert found is not None, f"an answer without Content-Length: {head!r}"
    return int(found[1])


def signals(seed: int) -> Iterator[Signal]:
    """Signed requests without end, each with a marker of its own."""
    for number in count(1):
        marker = f"{seed:x}-{number}"
        now = datetime.now(UTC)
        body = (
            f'{{"instrument":"XAUUSD","side":{number % 2},"time":"{now:%Y-%m-%dT%H:%M:%SZ}","payload":'
            f'{{"marker":"{marker}","price":2650.50,"note":"{"n" * 160}"}},"version":1}}'
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
            answer = await self._attempt(signal.request)
            if answer is not None and answer.status == 201:
                return answer
            await asyncio.sleep(self._draw.uniform(*PAUSE_SECONDS))

    async def _attempt(self, request: bytes) -> Answer | None:
        started = time.monotonic()
        answer = None
        try:
            answer = await self._connection.ask(request, self._patience)
            label = answer.label
        except NotSent:
            label = "not sent"
        except Broken:
            label = "broken"
        except TimeoutError:
            label = "abandoned"
        self._ledger.attempted(label, started)
        return answer

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


@asynccontextmanager
async def producing(
    service: Service, ledger: Ledger, seed: int, *, impatience: float = PATIENCE_SECONDS, resent: float = RESENT
) -> AsyncIterator[None]:
    """Sixteen producers at work; at the end each of them finishes the signal that it is sending.

    Every second producer waits for an answer no longer than `impatience`.
    """
    supply = signals(seed)
    ended = asyncio.Event()

    async def produce(number: int) -> None:
        patience = impatience if number % 2 else PATIENCE_SECONDS
        draw = random.Random(f"{seed}-{number}")  # noqa: S311  # a schedule, not a secret
        producer = Producer(service.port, ledger, draw, patience, resent)
        try:
            while not ended.is_set():
                await producer.deliver(next(supply))
        finally:
            producer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(PRODUCERS):
            group.create_task(produce(number))
        yield
        ended.set()
