"""How many signals are read at once, by the size of those before them."""

from collections.abc import Sequence

from service.feed.events import Row

FIRST_ROWS = 4
"""With how many to begin, so as not to read far too much: nothing tells beforehand how large a signal is as text. jsonb
keeps 1e308 in a few bytes, and prints all of its digits."""

_GROWTH = 8


def next_rows(rows: int, seen: Sequence[Row], room: int) -> int:
    """How many more fit in `room` bytes, if they are as large as those just `seen`: one at least, and at most eight
    times the `rows` of the read before."""
    mean = sum(len(row.json) for row in seen) // max(1, len(seen))
    return max(1, min(_GROWTH * rows, room // max(1, mean)))
