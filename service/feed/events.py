"""What the feed tells: signals, and what becomes of them. Pure."""

from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from service.feed.position import Position
from service.readers.filter import Filter

SIGNAL, STATUS = "signal", "status"
"""The kinds of events: a signal was stored, or its status was changed."""


class Row(NamedTuple):
    """An event in its place. `producer` is that of the signal, empty for none; `json` is the signal as it was at its
    place, or the whole event of another kind. `signal` is which one it is about, which expires at `expires_at`, if at
    all; `closed` says that it was closed when this was read, or by this.

    What is `waiting` for approval, never got it, or gives it, is not for everybody. What gives it has the signal as it
    was `approved`, if that is still there: those who did not see it before are given that.
    """

    position: Position
    instrument: str
    producer: str
    json: bytes
    kind: str = SIGNAL
    signal: UUID | None = None
    closed: bool = False
    expires_at: datetime | None = None
    waiting: bool = False
    approved: bytes | None = None

    def given(self, filter: Filter) -> Self | None:
        """What those are given who ask for that and see the signal; None for nothing."""
        if filter.unapproved or not self.waiting:
            return self
        return None if self.approved is None else self._replace(json=self.approved, kind=SIGNAL, waiting=False)
