"""The one order in which signals are read, which skips nothing.

- `ages`: how far a point in time is in the order
- `contents`: which signals have something in their payloads that few have
- `errors`: what readers are refused
- `events`: what the feed tells; pure
- `instruments`: which there are
- `pace`: how many are read at once; pure
- `pages`: what comes after a place, within bounds
- `position`: where a signal stands, and the cursors that tell it; pure
- `share`: how much of the database reading may take
- `statement`: the statements that read the feed
- `tail`: what is new, for all who wait for it
"""

from service.feed.events import Row
from service.feed.pages import Page, Pages
from service.feed.position import Position
from service.feed.share import answered, unavailable
from service.feed.tail import Tail
from service.readers.filter import Filter

__all__ = ["Filter", "Page", "Pages", "Position", "Row", "Tail", "answered", "unavailable"]
