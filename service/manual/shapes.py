"""The shapes of those answers that the service writes as plain dictionaries, for the published document."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from service.intake.signal import SignalCreate
from service.kernel.limits import Limits

_Code = Annotated[str, Field(description="Decide by it: it never changes its meaning")]
_RequestId = Annotated[str, Field(description="The same as in `X-Request-Id`")]


class Fault(BaseModel):
    """One fault of what was sent, in the form that pydantic and FastAPI users know."""

    loc: Annotated[
        list[str | int],
        Field(
            description='`"body"` or `"query"`, then the field or parameter at fault; in a batch `"signals"` and the '
            "place of the signal before it",
            examples=[["body", "side"], ["body", "signals", 3, "side"]],
        ),
    ]
    msg: Annotated[str, Field(description="For people")]
    type: Annotated[str, Field(description="The kind of fault, in pydantic's words", examples=["less_than_equal"])]


class Refused(BaseModel):
    """The request was not accepted."""

    code: _Code
    detail: Annotated[str, Field(description="A sentence for people")]
    request_id: _RequestId


class RefusedFields(BaseModel):
    """The request can be read but is not valid: every fault at once."""

    code: _Code
    detail: Annotated[list[Fault], Field(min_length=1)]
    request_id: _RequestId


class RefusedRate(Refused):
    """The producer sends more than its rate."""

    at_once: Annotated[
        int | MISSING, Field(ge=1, description="How many signals pass at once at most, where a batch had more")
    ] = MISSING


class RefusedProof(Refused):
    """The timestamp or the signature was refused, whatever the body is."""

    server_time: Annotated[datetime, Field(description="What the clock of the service showed")]
    skew_seconds: Annotated[int | MISSING, Field(description="How far `X-Timestamp` is ahead of it")] = MISSING
    hint: Annotated[str | MISSING, Field(description="The known mistake that was made, if there is one")] = MISSING


class RefusedSignature(RefusedProof):
    """The signature does not match: this is the body that arrived."""

    body_bytes: Annotated[int, Field(ge=0, description="How many bytes of body arrived")]
    body_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The SHA-256 of these bytes, in hex")]


class SignalFound(BaseModel):
    """The signal that the producer has sent before, which said the same."""

    id: UUID
    status: Literal[0, 1, 2]
    created_at: datetime
    differs: Annotated[
        Literal[True] | MISSING, Field(description="There when its payload or its version was another")
    ] = MISSING


class BatchCreate(BaseModel):
    """Many signals. Unknown members are ignored, but for those of a signal."""

    signals: Annotated[list[SignalCreate], Field(min_length=1, max_length=Limits().batch_items)]
    atomic: Annotated[bool, Field(description="Whether one fault refuses all")] = False


class ItemStored(BaseModel):
    """The signal at this place is stored."""

    status: Literal[201]
    id: UUID
    created_at: datetime


class ItemFound(BaseModel):
    """The signal at this place was sent before."""

    status: Literal[200]
    id: UUID
    created_at: datetime
    duplicate_of: Annotated[UUID, Field(description="The same as `id`")]
    differs: Annotated[
        Literal[True] | MISSING, Field(description="There when its payload or its version was another")
    ] = MISSING


class ItemRefused(BaseModel):
    """The signal at this place is refused, with status, code and detail that it would have alone."""

    status: Annotated[int, Field(ge=400, le=599)]
    code: _Code
    detail: str | list[Fault]
    duplicate_of: Annotated[UUID | MISSING, Field(description="The signal that was sent before")] = MISSING


class BatchStored(BaseModel):
    """What became of each signal, in their order."""

    results: Annotated[list[ItemStored | ItemFound | ItemRefused], Field(min_length=1)]


class RefusedBatch(Refused):
    """Every signal of the batch was refused."""

    results: Annotated[list[ItemRefused], Field(min_length=1)]


class RefusedCursor(Refused):
    """The cursor stands behind all that is stored. Go on from one of these."""

    oldest: Annotated[str, Field(description="The cursor before the oldest signal")]
    newest: Annotated[str, Field(description="The cursor after the newest signal")]


class Signal(BaseModel):
    """A stored signal. Status is 0 new, 1 queued, 2 closed."""

    id: UUID
    producer_id: str | None
    instrument: str
    side: Annotated[Literal[0, 1], Field(description="0 buy, 1 sell")]
    time: datetime
    payload: Annotated[dict[str, Any] | None, Field(description="As it was sent, digit for digit")]
    version: int
    status: Literal[0, 1, 2]
    state_version: Annotated[int, Field(ge=0, description="How often its status was changed")]
    approval: Annotated[
        Literal["none", "required"], Field(description="Whether readers get it only when somebody has approved it")
    ]
    expires_at: Annotated[datetime | None, Field(description="Until when it may be acted on; null for ever")]
    created_at: datetime
    updated_at: datetime
    expired: Annotated[bool, Field(description="Whether that time has passed, by the clock of the database")]


class StatusEvent(BaseModel):
    """The status of a signal was changed."""

    event: Literal["status"]
    signal_id: UUID
    instrument: str
    producer_id: str | None
    status: Annotated[Literal[1, 2], Field(description="What it was changed to: 1 queued, 2 closed")]
    state_version: Annotated[int, Field(ge=1, description="How often it was changed, this time included")]
    reason: str | None
    at: datetime
    by: Annotated[str | None, Field(description="The reader or the producer that has decided; null for the service")]


class SignalWithHistory(Signal):
    """A stored signal as it is now, and what became of it, in order."""

    history: list[StatusEvent]


class SignalEvent(BaseModel):
    """A signal was stored, and is shown as at its place in the feed: status 0. One that needs approval is shown where
    it is approved, status 1, but to those who see it before."""

    event: Literal["signal"]
    signal: Signal


class FeedPage(BaseModel):
    """Events in the one order of the feed. Ignore kinds of events that you do not know: there will be others."""

    events: list[SignalEvent | StatusEvent]
    cursor: Annotated[str, Field(description="The place after these events: keep it, and send it as `after`")]
    more: Annotated[bool, Field(description="Whether to ask for the next page at once")]
    complete_until: Annotated[
        datetime, Field(description="All that you ask for and was answered 201 before it is at or before the cursor")
    ]


class Instrument(BaseModel):
    """What there are signals of."""

    instrument: str
    latest: Annotated[datetime, Field(description="When its latest signal was stored")]


class InstrumentsPage(BaseModel):
    """Instruments in the order of their bytes."""

    instruments: list[Instrument]
    more: Annotated[bool, Field(description="Whether there are others behind the last one")]


class Minute(BaseModel):
    """How many signals were stored in a minute."""

    minute: datetime
    count: Annotated[int, Field(ge=0)]


class Overview(BaseModel):
    """What one machine has stored and refused since its service was started."""

    since: datetime
    signals: Annotated[
        list[Minute] | None, Field(description="Of the last hour, in your scope; null where that names producers")
    ]
    refusals: Annotated[dict[str, int] | None, Field(description="By code; null unless you see everything")]
    may: Annotated[list[Literal["approve"]], Field(description="What else you may do")]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"]
    uptime_seconds: Annotated[int, Field(ge=0)]


class Dependencies(BaseModel):
    """What the service needs, and how it is."""

    db: Annotated[str, Field(description="`connected`, or why the database cannot be used", examples=["connected"])]


class Readiness(BaseModel):
    """Whether a signal sent now would be stored, and if not, why."""

    ready: bool
    dependencies: Dependencies


class Version(BaseModel):
    """Which build of the service this is."""

    name: Literal["signals"]
    version: Annotated[str, Field(examples=["1.0.0"])]
    build: str
    env: Literal["development", "staging", "production"]
