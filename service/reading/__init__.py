"""Signals come out, in one order that skips nothing.

- `ages`: how far a point in time is in the order
- `endpoints`: one signal, pages of the feed, instruments
- `errors`: what readers are refused
- `filter`: which signals a reader wants, and may see; pure
- `horizon`: who holds the end of the feed back
- `pages`: what comes after a place, within bounds
- `places`: how many may wait at once
- `position`: where a signal stands, and the cursors that tell it; pure
- `query`: what a request asks for; pure
- `share`: how much of the database reading may take
- `statement`: the one statement that reads a page
- `survey`: what is known beside the signals: instruments, and how far a time is
- `tail`: what is new, for all who wait for it
- `waiting`: a page that is waited for
"""

from service.reading.filter import Filter
from service.reading.pages import Page, Pages
from service.reading.places import Places
from service.reading.position import Position
from service.reading.query import LiveQuery, live_query
from service.reading.share import answered, unavailable
from service.reading.statement import Row
from service.reading.tail import Tail

__all__ = [
    "Filter",
    "LiveQuery",
    "Page",
    "Pages",
    "Places",
    "Position",
    "Row",
    "Tail",
    "answered",
    "live_query",
    "unavailable",
]
