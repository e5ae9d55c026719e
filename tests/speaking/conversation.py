"""All that a scenario says to the service and hears from it."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
from anyio.from_thread import BlockingPortal

from tests.running.reachable import Reachable
from tests.running.waiting import DEADLINE_SECONDS
from tests.speaking.exchange import (
    Answer,
    Exchange,
    Request,
    exchange,
    exchange_concurrently,
    exchange_interrupted,
    exchange_misdeclared,
)


class Conversation:
    """Sends requests to the service of a scenario and remembers every exchange, in order."""

    def __init__(self, deployment: Reachable, portal: BlockingPortal) -> None:
        self._deployment = deployment
        self._portal = portal
        self.exchanges: list[Exchange] = []

    def send(self, request: Request) -> Answer:
        """Send one request."""
        self.exchanges.append(exchange(self._deployment.client, self._deployment.url, request))
        return self.answer

    def send_misdeclared(self, request: Request, declared: int) -> None:
        """Send one request whose declared length is false."""
        self.exchanges.append(exchange_misdeclared(self._deployment.url, request, declared))

    def send_interrupted(self, request: Request, interrupt: Callable[[], None]) -> None:
        """Send the head of one request, and call `interrupt` when the service waits for the body."""
        self.exchanges.append(exchange_interrupted(self._deployment.url, request, interrupt))

    def send_at_once(self, requests: Sequence[Request]) -> None:
        """Send many requests, each over a connection of its own, all at the same time."""
        self.exchanges += self._portal.call(_send_at_once, self._deployment.url, requests)

    @property
    def exchange(self) -> Exchange:
        """The latest exchange."""
        return self.exchanges[-1]

    @property
    def answer(self) -> Answer:
        """The latest answer."""
        return self.exchange.answer

    @property
    def answers(self) -> list[Answer]:
        """All answers so far."""
        return [exchange.answer for exchange in self.exchanges]


async def _send_at_once(url: str, requests: Sequence[Request]) -> list[Exchange]:
    limits = httpx.Limits(max_connections=len(requests))
    async with httpx.AsyncClient(limits=limits, timeout=DEADLINE_SECONDS) as client:
        return await asyncio.gather(*(exchange_concurrently(client, url, request) for request in requests))
