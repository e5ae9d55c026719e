"""What readers are refused.

Refusal
└── ReadingRefusal
    ├── CursorInvalid    400 cursor_invalid
    ├── CursorExpired    410 cursor_expired
    ├── FeedUnavailable  503 feed_unavailable
    └── TooManyStreams   503 too_many_streams
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import Refusal


class ReadingRefusal(Refusal):
    """Nothing is given out."""


class CursorInvalid(ReadingRefusal):
    status, code = 400, "cursor_invalid"
    sentence = "This is no cursor of the feed: send one as it was given"


class CursorExpired(ReadingRefusal):
    """`extra` has the cursors before the oldest signal and after the newest."""

    status, code = 410, "cursor_expired"
    sentence = "This cursor stands behind all that is stored: an older copy of the database was put back"

    def __init__(self, oldest: str, newest: str, *, archived: bool = False) -> None:
        super().__init__("Signals after this cursor lie in an archive: go on from the oldest" if archived else None)
        self.extra = {"oldest": oldest, "newest": newest}


class FeedUnavailable(ReadingRefusal):
    status, code = 503, "feed_unavailable"
    sentence = "The database does not answer: send the same request again"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class TooManyStreams(ReadingRefusal):
    status, code = 503, "too_many_streams"
    sentence = "As many streams and waiting requests are open as this process serves: come back later"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "10"}
