"""What the feed holds, as Python values that keep every digit. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service.kernel.timestamps import parse_timestamp

SIGNAL = "signal"
"""The kind of an event that is a signal. Events of other kinds are passed over: a newer service may have more."""

_LONGEST_INT = 4300
"""Python makes no `int` of more digits than this."""


@dataclass(frozen=True, slots=True)
class FeedSignal:
    """A stored signal. In `payload` whole numbers are `int`, and all others `Decimal`, with every digit that was sent.

    `fields` are those of the service's JSON object, also such as this version does not know. `side` is 0 to buy and 1
    to sell, `status` 0 new, 1 queued, 2 closed. `time` is the producer's, `created_at` when it was stored.
    """

    id: UUID
    producer_id: str | None
    instrument: str
    side: int
    time: datetime
    payload: Mapping[str, Any] | None
    version: int
    status: int
    created_at: datetime
    updated_at: datetime
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
            created_at=parse_timestamp(fields["created_at"]),
            updated_at=parse_timestamp(fields["updated_at"]),
            fields=fields,
        )


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that happened; `kind` is "signal"."""

    kind: str
    signal: FeedSignal


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
        known = [each for each in content["events"] if each["event"] == SIGNAL]
        return cls(
            events=tuple(PageEvent(each["event"], FeedSignal.of(each["signal"])) for each in known),
            cursor=content["cursor"],
            more=content["more"],
            complete_until=parse_timestamp(content["complete_until"]),
        )


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
