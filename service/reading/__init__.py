"""Signals come out, for those who may read.

- `endpoints`: one signal, pages of the feed, instruments
- `listing`: the instruments that there are
- `overview`: what no reader can count from the feed
- `places`: how many may wait at once
- `query`: what a request asks for; pure
- `shapes`: what the answers look like, for the published document
- `waiting`: a page that is waited for
"""

from service.feed import Filter, Page, Pages, Position, Row, Tail, unavailable
from service.reading.places import Places
from service.reading.query import LiveQuery, live_query

__all__ = [
    "Filter",
    "LiveQuery",
    "Page",
    "Pages",
    "Places",
    "Position",
    "Row",
    "Tail",
    "live_query",
    "unavailable",
]
