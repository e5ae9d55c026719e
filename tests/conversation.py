"""All that a scenario says to the service and hears from it."""

import asyncio
from collections.abc import Sequence

import httpx
from anyio.from_thread import BlockingPortal

from tests.deployment import Deployment
from tests.exchange import (
    Answer,
    Exchange,
    Request,
    exchange,
    exchange_concurrently,
    exchange_interrupted,
    exchange_misdeclared,
)
from tests.log_lines import LogLine
from tests.waiting import DEADLINE_SECONDS


class Conversation:
    """Sends requests to the service of a scenario and remembers every exchange, in order."""

    def __init__(self, deployment: Deployment, portal: BlockingPortal) -> None:
        self._deployment = deployment
        self._portal = portal
        self.exchanges: list[Exchange] = []

    def send(self, request: Request) -> Answer:
        """Send one request."""
        service = self._deployment.service
        self.exchanges.append(exchange(service.client, service.url, request))
        return self.answer

    def send_misdeclared(self, request: Request, declared: int) -> None:
        """Send one request whose declared length is false."""
        self.exchanges.append(exchange_misdeclared(self._deployment.service.url, request, declared))

    def send_until_stopped(self, request: Request) -> None:
        """Send the head of one request, and tell the service to stop when it waits for the body."""
        service = self._deployment.service
        self.exchanges.append(exchange_interrupted(service.url, request, service.tell_to_stop))

    def send_at_once(self, requests: Sequence[Request]) -> None:
        """Send many requests, each over a connection of its own, all at the same time."""
        self.exchanges += self._portal.call(_send_at_once, self._deployment.service.url, requests)

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

    def log_lines(self, answer: Answer | None = None) -> list[LogLine]:
        """What the service has logged about one request, or else about the latest, complete."""
        request_id = (answer or self.answer).request_id
        return self._deployment.service.log.about(request_id, self._deployment.beginning.log_position)

    def log_since_beginning(self) -> list[LogLine]:
        """All that the service has logged since the scenario began, the latest request included."""
        self.log_lines()
        return self._deployment.service.log.since(self._deployment.beginning.log_position)

    def log_text(self) -> str:
        """The same as text."""
        self.log_lines()
        return self._deployment.service.log.text(self._deployment.beginning.log_position)

    def describe(self) -> str:
        """The latest exchange and what was logged about it, for the report of a failure."""
        if not self.exchanges:
            return "nothing was sent yet"
        log = self._deployment.service.log.text(self._deployment.beginning.log_position)
        request_id = self.answer.headers.get("X-Request-Id", "")
        about = [line for line in log.splitlines() if request_id in line]
        return "\n".join([str(self.exchange), "", *about])


async def _send_at_once(url: str, requests: Sequence[Request]) -> list[Exchange]:
    limits = httpx.Limits(max_connections=len(requests))
    async with httpx.AsyncClient(limits=limits, timeout=DEADLINE_SECONDS) as client:
        return await asyncio.gather(*(exchange_concurrently(client, url, request) for request in requests))
