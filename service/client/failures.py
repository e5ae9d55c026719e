"""Every way in which a signal may fail to be stored or to be read, as its sender or its reader sees it.

SignalsError
├── SignalRefused          the service says no and why; nothing was stored
│   ├── SignatureRefused   it does not believe who sent it: secret, headers or clock are wrong
│   ├── InvalidSignal      the signal itself is at fault
│   ├── AlreadyStored      the producer has sent one that says the same, and such are refused
│   ├── BodyRefused        the request as a whole is at fault, not a signal in it
│   └── ServiceBusy        not now: it has no time, or the producer sends too much; the same request may be sent again
├── ReadingRefused         the service says no to a reader, and why
│   └── CursorExpired      there is nothing at this place any more
├── ServiceUnreachable     no connection could be made; nothing was sent
├── NotSent                not even tried, since another one failed for good
├── UnexpectedAnswer       an answer that says nothing about the signal, perhaps of a proxy before the service
└── OutcomeUnknown         the signal may be stored or not
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.http.errors import (
    BodyTooLarge,
    DuplicateKey,
    InvalidJson,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
    ShuttingDown,
    ValidationFailed,
)
from service.kernel.errors import FieldFault, refusals_below
from service.proof.errors import AuthenticationRefusal
from service.rates.errors import RateLimited
from service.receipts.errors import DuplicateSignal


class SignalsError(Exception):
    """A signal that is not known to be stored, or that could not be read."""


@dataclass(eq=False)
class Refused(SignalsError):
    """What the service answered. Decide by `code`, which never changes its meaning; the rest is for people.

    `detail` is a sentence, or a list with every fault of the request. `hint` names the mistake when it is a known one.
    """

    code: str
    status: int
    detail: str | list[FieldFault]
    request_id: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = "" if self.hint is None else f". {self.hint}"
        return f"{self.code} ({self.status}): {self.sentence}{hint} [request {self.request_id}]"

    @property
    def sentence(self) -> str:
        """`detail` in one line."""
        if isinstance(self.detail, str):
            return self.detail
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in self.detail)


class SignalRefused(Refused):
    """The service did not take a signal."""


@dataclass(eq=False)
class SignatureRefused(SignalRefused):
    """`skew_seconds` is how far the timestamp is ahead of `server_time`; None where the service does not tell."""

    server_time: datetime | None = None
    skew_seconds: int | None = None


class InvalidSignal(SignalRefused):
    """The signal itself is at fault: its JSON, a field, its size."""


@dataclass(eq=False)
class AlreadyStored(SignalRefused):
    """The producer has sent a signal with the same instrument, side and time before, in another request: it is stored,
    as `duplicate_of`. Take it as sent."""

    duplicate_of: UUID | None = None


class BodyRefused(SignalRefused):
    """A batch that is none, or too large: no signal in it was looked at."""


@dataclass(eq=False)
class ServiceBusy(SignalRefused):
    """The service had no time for this request, it did not arrive in time, or its producer sends more than it may. More
    than `at_once` signals never pass at once, where that is told."""

    at_once: int | None = None


class NotSent(SignalsError):
    """The signal was not even tried: another one failed, in a way that this one would have too. That is the cause."""


class ReadingRefused(Refused):
    """The service does not let this be read, or not now."""


@dataclass(eq=False)
class CursorExpired(ReadingRefused):
    """There is nothing at this place any more, or the store is an older copy. Both are cursors from which reading may
    go on: `oldest` with all that there is, `newest` with what is yet to come."""

    oldest: str | None = None
    newest: str | None = None


class ServiceUnreachable(SignalsError):
    """No connection could be made, so nothing was sent. The cause is what httpx says."""


@dataclass(eq=False)
class UnexpectedAnswer(SignalsError):
    """An answer that says nothing about the signal: not in the form of this service, or its 500."""

    status: int
    request_id: str | None

    def __str__(self) -> str:
        return f"An answer with status {self.status} that says nothing about the signal"


@dataclass(eq=False)
class OutcomeUnknown(SignalsError):
    """An attempt was sent and never answered for sure, so the signal may be stored or not.

    Sending it anew could make a double. The log of the service knows under `request_id`. The cause is how the last
    attempt failed.
    """

    request_id: str
    attempts: int

    def __str__(self) -> str:
        return (
            f"The signal may be stored or not, after {self.attempts} attempt{'s' if self.attempts > 1 else ''}: "
            f"{self.__cause__ or 'no answer'} [request {self.request_id}]"
        )


BUSY = {refusal.code for refusal in (Overloaded, RateLimited, ShuttingDown, RequestTimeout)}

_INVALID = (InvalidJson, DuplicateKey, BodyTooLarge, PayloadTooLarge, ValidationFailed)

KINDS: Mapping[str, type[SignalRefused]] = {
    **{refusal.code: SignatureRefused for refusal in refusals_below(AuthenticationRefusal)},
    **{refusal.code: InvalidSignal for refusal in _INVALID},
    DuplicateSignal.code: AlreadyStored,
    **dict.fromkeys(BUSY, ServiceBusy),
}
"""The kind of a refusal by its code. What is not listed is plain SignalRefused: the request was put together wrongly,
which this client does not do."""
