"""One signal on its way: what to send next, when, and when to give up. It knows, but it neither sends nor waits.

A request is sent again as it is, byte for byte, since to the service its signature is its name. Once an attempt was
sent whose outcome is unknown, only a 201 settles it, and the signal is never signed anew: that would be another signal.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from service.client.answers import Failure, Outcome, read
from service.client.failures import OutcomeUnknown, SignalsError, SignatureRefused
from service.client.retries import Retries
from service.client.signal import StoredSignal
from service.client.signature import ProducerSignature
from service.kernel.timestamps import Clock
from service.proof.errors import TimestampOutsideWindow
from service.proof.signing import WINDOW_SECONDS

log = logging.getLogger("service.client")


@dataclass(frozen=True, slots=True)
class Manner:
    """How signals are delivered: `signature` is None where they are not signed."""

    signature: ProducerSignature | None
    retries: Retries
    follow_clock: bool
    clock: Clock


class Delivery:
    """The delivery of one signal. Send `request`, tell `take` how it went, and again until it returns the signal."""

    def __init__(self, prepare: Callable[[], httpx.Request], request_id: str, manner: Manner) -> None:
        self._prepare = prepare
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
        self._window_ends = self._manner.clock() + timedelta(seconds=WINDOW_SECONDS)

    def take(self, outcome: Outcome) -> StoredSignal | float:
        """The signal when it is stored; otherwise the seconds to wait before `request` is to be sent.

        Raises the SignalsError with which the delivery ends: OutcomeUnknown when an attempt is left open.
        """
        self._attempts += 1
        self._attempts_as_signed += 1
        reading = read(outcome, self._manner.clock())
        if isinstance(reading, StoredSignal):
            return reading
        self._open = self._open or reading.open
        if not self._open and self._may_sign_anew(reading.error):
            self._begin_anew()
            return self._again(reading.error, 0.0)
        return self._again(reading.error, self._pause(reading))

    def _pause(self, failure: Failure) -> float:
        """Seconds until the next attempt, of which the last one is made when the time is up."""
        if not failure.retry or (self._open and self._manner.signature is None):
            raise self._end(failure.error)
        end = min(self._give_up, self._window_ends) if self._open else self._give_up
        left = (end - self._manner.clock()).total_seconds()
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

    def _again(self, error: SignalsError, pause: float) -> float:
        log.info("%s: next attempt in %.1f s", error, pause)
        return pause

    def _end(self, error: SignalsError) -> SignalsError:
        if not self._open:
            return error
        unknown = OutcomeUnknown(self._request_id, self._attempts)
        unknown.__cause__ = error
        return unknown
