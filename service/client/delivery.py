"""One request on its way: what to send next, when, and when to give up. It knows, but it neither sends nor waits.

A request is sent again as it is, byte for byte, since to the service its signature is its name. Where its time is over
it is signed anew, under the key that it has kept: so it is the same to the service, even when an attempt was sent whose
outcome is unknown.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import httpx

from service.client.answers import Failure, Outcome
from service.client.failures import OutcomeUnknown, SignalsError, SignatureRefused
from service.client.retries import Retries
from service.client.signature import ProducerSignature
from service.kernel.timestamps import Clock
from service.proof.errors import TimestampOutsideWindow

log = logging.getLogger("service.client")


@dataclass(frozen=True, slots=True)
class Manner:
    """How signals are delivered: `signature` is None where they are not signed."""

    signature: ProducerSignature | None
    retries: Retries
    follow_clock: bool
    clock: Clock


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pause:
    """How long to wait before the next attempt."""

    seconds: float


class Delivery(Generic[Result]):
    """The delivery of one request. Send `request`, tell `take` how it went, and again until it returns the result that
    `read` finds in an answer. `prepare` makes the same request again, under the same key."""

    def __init__(
        self,
        prepare: Callable[[], httpx.Request],
        request_id: str,
        manner: Manner,
        read: Callable[[Outcome, datetime], Result | Failure],
    ) -> None:
        self._prepare = prepare
        self._read = read
        self._request_id = request_id
        self._manner = manner
        self._attempts = 0
        self._open = False
        self._followed = False
        self._give_up = manner.clock() + timedelta(seconds=manner.retries.for_seconds)
        self._begin_anew()

    def _begin_anew(self) -> None:
        """A request that is not signed yet: that is done when it is sent first."""
        self.request = self._prepare()
        self._attempts_as_signed = 0

    def take(self, outcome: Outcome) -> Result | Pause:
        """The result when it is known; otherwise how long to wait before `request` is to be sent.

        Raises the SignalsError with which the delivery ends: OutcomeUnknown when an attempt is left open.
        """
        self._attempts += 1
        self._attempts_as_signed += 1
        reading = self._read(outcome, self._manner.clock())
        if not isinstance(reading, Failure):
            return reading
        self._open = self._open or reading.open
        if self._may_sign_anew(reading.error):
            self._begin_anew()
            return self._again(reading.error, 0.0)
        return self._again(reading.error, self._pause(reading))

    def _pause(self, failure: Failure) -> float:
        """Seconds until the next attempt, of which the last one is made when the time is up."""
        if not failure.retry or (self._open and self._manner.signature is None):
            raise self._end(failure.error)
        left = (self._give_up - self._manner.clock()).total_seconds()
        pause = self._manner.retries.next_pause(self._attempts, failure.wait_seconds, left)
        if pause is None:
            raise self._end(failure.error)
        return pause

    def _may_sign_anew(self, error: SignalsError) -> bool:
        """Whether a timestamp was refused only because it has grown old on the way, or because the clocks differ and
        the one of the service is to be followed; that is tried once."""
        if not isinstance(error, SignatureRefused) or error.code != TimestampOutsideWindow.code:
            return False
        if self._attempts_as_signed > 1:
            return True
        signature, service_time = self._manner.signature, error.server_time
        if not self._manner.follow_clock or self._followed or signature is None or service_time is None:
            return False
        signature.follow(service_time)
        self._followed = True
        return True

    def _again(self, error: SignalsError, seconds: float) -> Pause:
        log.info("%s: next attempt in %.1f s", error, seconds)
        return Pause(seconds)

    def _end(self, error: SignalsError) -> SignalsError:
        if not self._open:
            return error
        unknown = OutcomeUnknown(self._request_id, self._attempts)
        unknown.__cause__ = error
        return unknown
