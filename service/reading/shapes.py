"""What readers are given, as the published document describes it: the database writes it, or a dictionary."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


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
