"""Signing, as an object that any httpx client can carry."""

import re
from collections.abc import Generator
from datetime import datetime, timedelta
from threading import Lock

import httpx

from service.kernel.timestamps import Clock, utc_now
from service.proof.headers import PRODUCER_ID_FORM
from service.proof.signing import sign

_PRODUCER_ID = re.compile(PRODUCER_ID_FORM)
_STEP = timedelta(microseconds=1)
_COARSEST_CLOCK = timedelta(seconds=1)


class ProducerSignature(httpx.Auth):
    """Signs each request as `producer_id`: `httpx.post(url, json=signal, auth=ProducerSignature(...))`.

    A request that is signed already is sent again, so it is left as it is: its signature is what tells the service
    that it is the same. No two requests get the same timestamp, so that a signal may be repeated on purpose.
    """

    requires_request_body = True

    def __init__(self, producer_id: str, secret: str | bytes, *, clock: Clock = utc_now) -> None:
        """Raises ValueError when the secret is empty or the producer id cannot be one."""
        if not secret:
            raise ValueError("the secret must not be empty")
        self.producer_id = checked_producer_id(producer_id)
        self._secret = secret.encode("utf-8") if isinstance(secret, str) else secret
        self._clock = clock
        self._correction = timedelta(0)
        self._last: datetime | None = None
        self._lock = Lock()

    def follow(self, service_time: datetime) -> None:
        """Sign by the clock of the service from now on, which shows `service_time`."""
        self._correction = service_time - self._clock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if "X-Signature" not in request.headers:
            timestamp = timestamp_text(self._next_moment())
            request.headers["X-Producer-Id"] = self.producer_id
            request.headers["X-Timestamp"] = timestamp
            request.headers["X-Signature"] = sign(self._secret, request.content, timestamp, self.producer_id)
        yield request

    def _next_moment(self) -> datetime:
        """Now, or a little later where the clock has not moved on since the last signature."""
        with self._lock:
            moment = self._clock() + self._correction
            if self._last is not None and timedelta(0) <= self._last - moment < _COARSEST_CLOCK:
                moment = self._last + _STEP
            self._last = moment
            return moment


def timestamp_text(moment: datetime) -> str:
    """A time in UTC as `X-Timestamp` has it, with microseconds."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def checked_producer_id(producer_id: str) -> str:
    """The same id. Raises ValueError when the service would refuse it."""
    if _PRODUCER_ID.fullmatch(producer_id) is None:
        raise ValueError("a producer id has 1 to 64 printable ASCII characters without spaces")
    return producer_id
