"""What the feed holds, as Python values that keep every digit. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service.kernel.timestamps import parse_timestamp

SIGNAL, STATUS = KINDS = "signal", "status"
"""The kinds of events: a signal, and a change of its status. Others are passed over: a newer service may have more."""

_LONGEST_INT = 4300
"""Python makes no `int` of more digits than this."""


@dataclass(frozen=True, slots=True)
class FeedSignal:
    """A stored signal. In `payload` whole numbers are `int`, and all others `Decimal`, with every digit that was sent.

    `fields` are those of the service's JSON object, also such as this version does not know. `side` is 0 to buy and 1
    to sell, `status` 0 new, 1 queued, 2 closed, and `state_version` how often that was changed; an event shows both as
    they were at its place. `time` is the producer's, `created_at` when it was stored. It may be acted on until
    `expires_at`, or for ever; `expired` says that this had passed when the service gave it out.
    """

    id: UUID
    producer_id: str | None
    instrument: str
    side: int
    time: datetime
    payload: Mapping[str, Any] | None
    version: int
    status: int
    state_version: int
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    expired: bool
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "FeedSignal":
        """Raises KeyError, TypeError or ValueError for what is no signal."""
        return cls(
            id=UUID(fields["id"]),
            producer_id=fields["producer_id"],
            instrument=fields["instrument"],
            side=fields["side"],
            time=parse_timestamp(fields["time"]),
            payload=fields["payload"],
            version=fields["version"],
            status=fields["status"],
            state_version=fields.get("state_version", 0),
            expires_at=parse_timestamp(fields["expires_at"]) if fields.get("expires_at") else None,
            created_at=parse_timestamp(fields["created_at"]),
            updated_at=parse_timestamp(fields["updated_at"]),
            expired=fields.get("expired", False),
            fields=fields,
        )


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What became of a signal, when, by whose word, and why: `by` is None where nobody has decided it."""

    signal_id: UUID
    instrument: str
    producer_id: str | None
    status: int
    state_version: int
    reason: str | None
    at: datetime
    by: str | None
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "StatusChange":
        """Raises KeyError, TypeError or ValueError for what is no change."""
        return cls(
            signal_id=UUID(fields["signal_id"]),
            instrument=fields["instrument"],
            producer_id=fields["producer_id"],
            status=fields["status"],
            state_version=fields["state_version"],
            reason=fields["reason"],
            at=parse_timestamp(fields["at"]),
            by=fields["by"],
            fields=fields,
        )


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that happened: `kind` is "signal" or "status", and it has a signal or a change."""

    kind: str
    signal: FeedSignal | None
    change: StatusChange | None


@dataclass(frozen=True, slots=True)
class Event(PageEvent):
    """The same, and the place after it: whoever starts anew with this cursor gets what comes next."""

    cursor: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the feed. The next one comes after `cursor`; `more` tells that there is one already, or will be.

    Every matching signal that was acknowledged before `complete_until` is in this page or in those before.
    """

    events: tuple[PageEvent, ...]
    cursor: str
    more: bool
    complete_until: datetime

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Page":
        """Raises KeyError, TypeError or ValueError for what is no page."""
        known = [each for each in content["events"] if each["event"] in KINDS]
        return cls(
            events=tuple(PageEvent(each["event"], *told_by(each["event"], each.get("signal", each))) for each in known),
            cursor=content["cursor"],
            more=content["more"],
            complete_until=parse_timestamp(content["complete_until"]),
        )


def told_by(kind: str, fields: Mapping[str, Any]) -> tuple[FeedSignal | None, StatusChange | None]:
    """What an event is about. Raises KeyError, TypeError or ValueError for what is neither a signal nor a change."""
    return (FeedSignal.of(fields), None) if kind == SIGNAL else (None, StatusChange.of(fields))


def decoded(text: str) -> Mapping[str, Any]:
    """The members of a JSON object. Raises ValueError for anything else."""
    try:
        content = json.loads(text, parse_float=Decimal, parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("no JSON object")
    return content


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INT else Decimal(digits)
