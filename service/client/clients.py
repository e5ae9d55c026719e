"""The two clients: the same delivery, once with and once without `await`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Unpack

import httpx

from service.client.answers import Fate, Outcome
from service.client.connections import AsyncConnections, Connections
from service.client.delivery import Delivery, Pause, Result
from service.client.failures import SignalsError
from service.client.many import Many
from service.client.preparation import Options, Preparation
from service.client.signal import Sendable, StoredSignal, body_of


class SignalsClient(Preparation, Connections):
    """Sends signals, one at a time in each thread; several threads may share it. Close it, or use it with `with`.

    `http` is an httpx client of your own, for its certificates, proxies and limits; it is closed with this one.
    """

    def __init__(
        self,
        url: str,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        Preparation.__init__(self, url, **options)
        Connections.__init__(self, http)
        self._sleep = sleep

    def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        """Send a signal, a mapping of its fields, or its JSON as it is, and return when it is on disk.

        It is sent again for as long as `retries` say, and never in a way that could make a double. Raises the
        subclasses of SignalsError: SignalRefused, ServiceUnreachable, UnexpectedAnswer, OutcomeUnknown; and TypeError
        or ValueError for what cannot be written as a signal.
        """
        delivery = self._delivery(self._http, signal, request_id)
        return self._deliver(delivery)

    def send_many(self, signals: Iterable[Sendable]) -> list[Fate]:
        """Send many signals, in batches, and return what became of each, in their order: a StoredSignal, or the
        SignalsError that says why it is not known to be stored. None of them is raised: look at them.

        Signals that the service had no time for are sent again, in batches of their own; those that are at fault are
        not. Raises TypeError or ValueError for what cannot be written as a signal.
        """
        many = Many([body_of(signal) for signal in signals])
        while places := many.next():
            try:
                fates = self.send_batch(many.body(places))
            except SignalsError as error:
                many.fail(places, error)
            else:
                many.settle(places, fates)
        return many.fates

    def send_batch(self, body: bytes, *, key: str | None = None) -> list[Fate]:
        """Send the JSON of one batch, under a key of your own or a new one; what became of each signal in it.

        Raises a SignalsError where it was not told what became of them.
        """
        return self._deliver(self._batch_delivery(self._http, body, key))

    def _deliver(self, delivery: Delivery[Result]) -> Result:
        while True:
            result = delivery.take(self._attempt(delivery.request))
            if not isinstance(result, Pause):
                return result
            self._sleep(result.seconds)

    def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return self._http.send(request, auth=self._auth, follow_redirects=False)
        except httpx.RequestError as error:
            return error


class AsyncSignalsClient(Preparation, AsyncConnections):
    """Sends signals, as many at once as you like. Close it, or use it with `async with`.

    `http` is an httpx client of your own, for its certificates, proxies and limits; it is closed with this one.
    """

    def __init__(
        self,
        url: str,
        *,
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        Preparation.__init__(self, url, **options)
        AsyncConnections.__init__(self, http)
        self._sleep = sleep

    async def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        """The same as `SignalsClient.send`."""
        delivery = self._delivery(self._http, signal, request_id)
        return await self._deliver(delivery)

    async def send_many(self, signals: Iterable[Sendable]) -> list[Fate]:
        """The same as `SignalsClient.send_many`."""
        many = Many([body_of(signal) for signal in signals])
        while places := many.next():
            try:
                fates = await self.send_batch(many.body(places))
            except SignalsError as error:
                many.fail(places, error)
            else:
                many.settle(places, fates)
        return many.fates

    async def send_batch(self, body: bytes, *, key: str | None = None) -> list[Fate]:
        """The same as `SignalsClient.send_batch`."""
        return await self._deliver(self._batch_delivery(self._http, body, key))

    async def _deliver(self, delivery: Delivery[Result]) -> Result:
        while True:
            result = delivery.take(await self._attempt(delivery.request))
            if not isinstance(result, Pause):
                return result
            await self._sleep(result.seconds)

    async def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return await self._send(request, self._auth)
        except httpx.RequestError as error:
            return error
