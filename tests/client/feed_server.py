"""A small server of the feed, which speaks as the contract says, until a mishap is planned.

It holds signals, whose cursors are their numbers from 1 on. What becomes of the next requests is planned: for each one
mishap, and for those beyond the plan none. A stream without a mishap stays open. Nobody follows it for ever: when a
test waits too long after it had signals last, readers are refused.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from anyio.from_thread import BlockingPortal

from tests.client.listener import Listener
from tests.client.road import answer
from tests.running.waiting import DEADLINE_SECONDS

PAYLOAD = (
    '{"price": 1950.50, "long": 0.1234567890123456789012345, "tiny": 0.0000001, "big": 123456789012345678901234567890}'
)

RETRY_SECONDS = 1.234


@dataclass(frozen=True)
class Broken:
    """Only so many bytes of the answer arrive. Then the connection is closed, or `silent`, or, of a stream, ended."""

    after: int
    silent: bool = False


ENDED = Broken(1_000_000)
"""All that there is arrives, and then the stream ends as it should."""

Mishap = bytes | Broken


def signal(number: int, payload: str | None = PAYLOAD, **fields: Any) -> str:
    """A stored signal, as the feed gives it."""
    known = {
        "id": f"01a20dc7-e667-7406-ab00-{number:012d}",
        "producer_id": "my-bot",
        "instrument": "XAUUSD",
        "side": 0,
        "time": "2026-01-31T12:00:00+00:00",
        "version": 1,
        "status": 0,
        "state_version": 0,
        "approval": "none",
        "expires_at": None,
        "expired": False,
        "created_at": "2026-01-31T12:00:00.5+00:00",
        "updated_at": "2026-01-31T12:00:00.5+00:00",
        **fields,
    }
    return f'{json.dumps(known)[:-1]}, "payload": {payload or "null"}}}'


def number(id: UUID) -> int:
    """The number of a signal, which its id ends with."""
    return int(str(id)[-12:])


def event(cursor: int, data: str, kind: str = "signal") -> bytes:
    """An event of a stream."""
    return f"event: {kind}\nid: {cursor}\ndata: {data}\n\n".encode()


def stream(*events: bytes) -> bytes:
    """A stream of exactly this, that ends."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return head + b"".join(events)


def page(*events: str, cursor: str, more: bool = False) -> bytes:
    """A page with these events."""
    told = f'{{"events":[{",".join(events)}],"cursor":"{cursor}","more":{json.dumps(more)},'
    return answer("200 OK", body=told + '"complete_until":"2026-01-31T12:00:01Z"}')


def refusal(status: str, code: str, *headers: str, **fields: str) -> bytes:
    """An answer with which the service refuses something."""
    content = {"code": code, "detail": "No", "request_id": "r-1", **fields}
    return answer(status, *headers, "X-Request-Id: r-1", body=json.dumps(content))


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]

    @classmethod
    def of(cls, head: bytes) -> "Asked":
        first, *lines = head.decode().rstrip("\r\n").split("\r\n")
        address = urlsplit(first.split(" ")[1])
        pairs = (line.partition(": ") for line in lines)
        return cls(address.path, parse_qs(address.query), {name.lower(): value for name, _, value in pairs})

    @property
    def live(self) -> bool:
        """Whether it asks for a stream."""
        return self.path == "/api/v1/feed/live"

    @property
    def place(self) -> str | None:
        """After which cursor it wants to go on."""
        return self.headers.get("last-event-id") or self.query.get("after", [None])[0]


class FeedServer(Listener):
    """Serves `signals`; to be changed by tests while nothing is asked."""

    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.signals: list[str] = []
        self.asked: list[Asked] = []
        self.gone = 0
        """How many connections their readers have closed."""
        self._plan: deque[Mishap | None] = deque()
        self._end = time.monotonic() + DEADLINE_SECONDS

    def hold(self, count: int, **fields: Any) -> None:
        """Have so many signals more, with these fields."""
        self.signals += [signal(len(self.signals) + each, **fields) for each in range(1, count + 1)]
        self._end = time.monotonic() + DEADLINE_SECONDS

    def plan(self, *mishaps: Mishap | None) -> None:
        """What becomes of the next requests: an answer that comes instead, how it breaks off, or nothing of that."""
        self._plan.extend(mishaps)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._answer(Asked.of(await reader.readuntil(b"\r\n\r\n")), writer):
                    pass
                await reader.read()
                self.gone += 1
        finally:
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may be used again."""
        self.asked.append(asked)
        mishap = self._plan.popleft() if self._plan else None
        if time.monotonic() > self._end:
            mishap = refusal("401 Unauthorized", "test_took_too_long")
        if isinstance(mishap, bytes):
            writer.write(mishap)
            if b"text/event-stream" in mishap:
                writer.close()
            return True
        whole = self._stream(asked) if asked.live else self._page(asked)
        writer.write(whole if mishap is None else whole[: mishap.after])
        await writer.drain()
        if mishap is ENDED:
            writer.write(b"0\r\n\r\n")
        if mishap is not None and not mishap.silent:
            writer.close()
        return mishap is None and not asked.live

    def _stream(self, asked: Asked) -> bytes:
        begin = len(self.signals) if asked.place is None else int(asked.place)
        told = [f"retry: {RETRY_SECONDS * 1000:.0f}\nid: {begin}\n\n".encode()]
        told += [event(number, self.signals[number - 1]) for number in range(begin + 1, len(self.signals) + 1)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in told)
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks

    def _page(self, asked: Asked) -> bytes:
        begin, limit = int(asked.place or 0), int(asked.query["limit"][0])
        found = self.signals[begin : begin + limit]
        end = begin + len(found)
        events = (f'{{"event":"signal","signal":{each}}}' for each in found)
        return page(*events, cursor=str(end), more=end < len(self.signals))


@asynccontextmanager
async def feed_server(portal: BlockingPortal) -> AsyncIterator[FeedServer]:
    """An open server, for as long as the context lasts."""
    server = FeedServer(portal)
    await server.open_now()
    try:
        yield server
    finally:
        await server.close_now()
