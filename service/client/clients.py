"""The two clients: the same delivery, once with and once without `await`."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypedDict, Unpack
from uuid import uuid4

import httpx

from service import __version__
from service.client.answers import Outcome
from service.client.connections import AsyncConnections, Connections
from service.client.delivery import Delivery, Manner
from service.client.retries import DEFAULT_RETRIES, Retries
from service.client.signal import Sendable, StoredSignal, body_of
from service.client.signature import ProducerSignature, checked_producer_id
from service.http.headers import REQUEST_ID_FORM
from service.kernel.timestamps import Clock, utc_now

PATH = "/api/v1/signals"

TIMEOUT_SECONDS = 15.0
"""The service answers within five seconds of having the whole request, and the way there may be slow."""

_REQUEST_ID = re.compile(REQUEST_ID_FORM)


class Options(TypedDict, total=False):
    """What both clients can be told.

    Signals are signed with `secret`, unless `unsigned` says that they are not; then an attempt whose outcome is unknown
    is never repeated. Give a secret only for a service that demands signatures: one that ignores them does not
    recognise what it got before.
    `timeout_seconds` is for each step of an attempt: connecting, sending, each wait for a part of the answer.
    With `follow_clock` a signal that is refused because the clocks differ is signed once more by the clock of the
    service. Only for a service that is reached over TLS: whoever can forge its answers could have signals signed
    that are good at a later time.
    """

    producer_id: str | None
    secret: str | bytes | None
    unsigned: bool
    timeout_seconds: float
    retries: Retries
    follow_clock: bool
    clock: Clock


class _Client:
    """What both clients know: where to, as whom, and in what manner."""

    def __init__(
        self,
        url: str,
        *,
        producer_id: str | None = None,
        secret: str | bytes | None = None,
        unsigned: bool = False,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retries: Retries = DEFAULT_RETRIES,
        follow_clock: bool = False,
        clock: Clock = utc_now,
    ) -> None:
        """Raises ValueError for a wrong URL, producer id or secret, and when there is none and nobody said so."""
        signature = None if unsigned else _signature(producer_id, secret, clock)
        if unsigned and secret is not None:
            raise ValueError("give a secret, or unsigned=True, not both")
        self._url = checked_url(url) + PATH
        self._auth = signature or httpx.Auth()
        self._timeout = httpx.Timeout(timeout_seconds)
        self._headers = {"Content-Type": "application/json", "User-Agent": f"signals-client/{__version__}"}
        if producer_id is not None:
            self._headers["X-Producer-Id"] = checked_producer_id(producer_id)
        self._manner = Manner(signature, retries, follow_clock, clock)

    def _delivery(self, http: httpx.Client | httpx.AsyncClient, signal: Sendable, request_id: str | None) -> Delivery:
        body = body_of(signal)
        identifier = str(uuid4()) if request_id is None else request_id
        if _REQUEST_ID.fullmatch(identifier) is None:
            raise ValueError("a request id has 1 to 128 of the characters A-Z a-z 0-9 . _ -")
        headers = {**self._headers, "X-Request-Id": identifier}

        def prepare() -> httpx.Request:
            return http.build_request("POST", self._url, content=body, headers=headers, timeout=self._timeout)

        return Delivery(prepare, identifier, self._manner)


def _signature(producer_id: str | None, secret: str | bytes | None, clock: Clock) -> ProducerSignature:
    if secret is None:
        raise ValueError("there is no secret: give one, or unsigned=True to send signals that nobody can prove")
    if producer_id is None:
        raise ValueError("signing needs a producer id")
    return ProducerSignature(producer_id, secret, clock=clock)


def checked_url(url: str) -> str:
    """The address of the service, without the path to which signals are posted and without a slash at its end.

    Raises ValueError unless it is one of HTTP.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"not an address: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.host or parts.query or parts.fragment:
        raise ValueError("the address of a service looks like https://signals.example")
    return url.rstrip("/").removesuffix(PATH).rstrip("/")


class SignalsClient(_Client, Connections):
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
        _Client.__init__(self, url, **options)
        Connections.__init__(self, http)
        self._sleep = sleep

    def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        """Send a signal, a mapping of its fields, or its JSON as it is, and return when it is on disk.

        It is sent again for as long as `retries` say, and never in a way that could make a double. Raises the
        subclasses of SignalsError: SignalRefused, ServiceUnreachable, UnexpectedAnswer, OutcomeUnknown; and TypeError
        or ValueError for what cannot be written as a signal.
        """
        delivery = self._delivery(self._http, signal, request_id)
        while True:
            result = delivery.take(self._attempt(delivery.request))
            if isinstance(result, StoredSignal):
                return result
            self._sleep(result)

    def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return self._http.send(request, auth=self._auth, follow_redirects=False)
        except httpx.RequestError as error:
            return error


class AsyncSignalsClient(_Client, AsyncConnections):
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
        _Client.__init__(self, url, **options)
        AsyncConnections.__init__(self, http)
        self._sleep = sleep

    async def send(self, signal: Sendable, *, request_id: str | None = None) -> StoredSignal:
        """The same as `SignalsClient.send`."""
        delivery = self._delivery(self._http, signal, request_id)
        while True:
            result = delivery.take(await self._attempt(delivery.request))
            if isinstance(result, StoredSignal):
                return result
            await self._sleep(result)

    async def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return await self._http.send(request, auth=self._auth, follow_redirects=False)
        except httpx.RequestError as error:
            return error
