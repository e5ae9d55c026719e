"""What both clients know: where to send requests, as whom, and in what manner."""

import re
from collections.abc import Callable
from typing import TypedDict
from uuid import uuid4

import httpx

from service import __version__
from service.client.answers import Fate, read, read_batch
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


class Preparation:
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

    def _delivery(
        self, http: httpx.Client | httpx.AsyncClient, signal: Sendable, request_id: str | None
    ) -> Delivery[StoredSignal]:
        return Delivery(*self._prepared(http, self._url, body_of(signal), request_id, None), self._manner, read)

    def _batch_delivery(
        self, http: httpx.Client | httpx.AsyncClient, body: bytes, key: str | None = None
    ) -> Delivery[list[Fate]]:
        return Delivery(*self._prepared(http, f"{self._url}/batch", body, None, key), self._manner, read_batch)

    def _prepared(
        self,
        http: httpx.Client | httpx.AsyncClient,
        url: str,
        body: bytes,
        request_id: str | None,
        key: str | None,
    ) -> tuple[Callable[[], httpx.Request], str]:
        """What makes the request, as often as it is wanted, always under the same key; and its id."""
        identifier = str(uuid4()) if request_id is None else request_id
        if _REQUEST_ID.fullmatch(identifier) is None:
            raise ValueError("a request id has 1 to 128 of the characters A-Z a-z 0-9 . _ -")
        headers = {**self._headers, "X-Request-Id": identifier, "Idempotency-Key": f'"{key or uuid4()}"'}

        def prepare() -> httpx.Request:
            return http.build_request("POST", url, content=body, headers=headers, timeout=self._timeout)

        return prepare, identifier


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
