"""Many signals on their way, in batches: which to send next, and what became of each. It neither sends nor waits."""

from collections import deque
from collections.abc import Sequence

from service.client.answers import Fate
from service.client.failures import (
    BUSY,
    BodyRefused,
    InvalidSignal,
    NotSent,
    ServiceBusy,
    SignalRefused,
    SignalsError,
)
from service.http import strict_json
from service.http.errors import DuplicateKey, InvalidJson

BATCH_ITEMS = 500
"""How many signals one request brings. A service takes 1000."""

BATCH_BYTES = 1_000_000
"""How many bytes. A service takes 4 MiB, but some proxies no more than 1 MiB unless they are told."""

_AROUND = len(b'{"signals":[],"atomic":false}')


def batch_body(bodies: Sequence[bytes], *, atomic: bool = False) -> bytes:
    """The JSON of a batch of signals."""
    return b'{"signals":[%b],"atomic":%b}' % (b",".join(bodies), b"true" if atomic else b"false")


def fault_of(body: bytes) -> InvalidSignal | None:
    """Why the JSON of a signal must not be put into a batch: what is no JSON would be the fault of all in it."""
    try:
        strict_json.parse(body)
    except (InvalidJson, DuplicateKey) as refusal:
        return InvalidSignal(refusal.code, refusal.status, str(refusal.detail), request_id="")
    return None


class Many:
    """Send the batch of `next`, tell `settle` or `fail` how it went, and again until there is none."""

    def __init__(self, bodies: Sequence[bytes], *, items: int = BATCH_ITEMS, size: int = BATCH_BYTES) -> None:
        self._bodies = bodies
        self._items = items
        self._size = size
        self._fates: dict[int, Fate] = {place: fault for place, body in enumerate(bodies) if (fault := fault_of(body))}
        self._waiting = deque(place for place in range(len(bodies)) if place not in self._fates)

    @property
    def fates(self) -> list[Fate]:
        """What became of each signal, in their order, once there is no next batch."""
        return [self._fates[place] for place in range(len(self._bodies))]

    def next(self) -> list[int]:
        """The places of the signals to send next, none when all are settled."""
        places: list[int] = []
        size = _AROUND
        while self._waiting and len(places) < self._items:
            size += len(self._bodies[self._waiting[0]]) + 1
            if places and size > self._size:
                break
            places.append(self._waiting.popleft())
        return places

    def body(self, places: Sequence[int]) -> bytes:
        """The body of the request that brings these."""
        return batch_body([self._bodies[place] for place in places])

    def settle(self, places: Sequence[int], fates: Sequence[Fate]) -> None:
        """Each has its fate, but those for which there was no time: these are sent again, as another batch."""
        again = []
        for place, fate in zip(places, fates, strict=True):
            if isinstance(fate, SignalRefused) and fate.code in BUSY:
                again.append(place)
            else:
                self._fates[place] = fate
        self._waiting.extendleft(reversed(again))

    def fail(self, places: Sequence[int], error: SignalsError) -> None:
        """Nothing is known of these. They are sent in smaller batches when they were too many; otherwise it is the end,
        since the others would fare no better."""
        fewer = fewer_than(error, len(places))
        if fewer:
            self._items = fewer
            self._waiting.extendleft(reversed(places))
            return
        self._fates.update(dict.fromkeys(places, error))
        if isinstance(error, BodyRefused):
            return
        while self._waiting:
            rest = NotSent("Not sent, since an earlier one failed")
            rest.__cause__ = error
            self._fates[self._waiting.popleft()] = rest


def fewer_than(error: SignalsError, sent: int) -> int:
    """How many to send at most when so many were too many; 0 when that was not the fault."""
    if sent == 1:
        return 0
    if isinstance(error, ServiceBusy) and error.at_once is not None and error.at_once < sent:
        return error.at_once
    return sent // 2 if isinstance(error, BodyRefused) and error.status == 413 else 0
