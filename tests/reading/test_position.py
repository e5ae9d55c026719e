"""Places in the feed, and their cursors."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feed.errors import CursorInvalid
from service.reading import Position

places = st.builds(Position, st.integers(0, (1 << 63) - 1), st.integers(0, (1 << 64) - 1), st.uuids())


@given(places)
def test_a_cursor_tells_its_place(place: Position) -> None:
    cursor = place.cursor.decode()
    assert re.fullmatch("[A-Za-z0-9_-]{48}", cursor)
    assert Position.parse(cursor) == place


@given(places, st.integers(0, 47), st.sampled_from("AZaz09-_+/=. \u0131"))
def test_one_other_character_makes_it_none(place: Position, at: int, character: str) -> None:
    cursor = place.cursor.decode()
    changed = cursor[:at] + character + cursor[at + 1 :]
    if changed != cursor:
        with pytest.raises(CursorInvalid):
            Position.parse(changed)


@given(st.text())
def test_nothing_else_is_a_cursor(text: str) -> None:
    with pytest.raises(CursorInvalid):
        Position.parse(text)


def test_places_are_in_the_order_of_epoch_transaction_and_id() -> None:
    low, high = UUID(int=1), UUID(int=1 << 127)
    ordered = [Position(0, 9, high), Position(1, 2, low), Position(1, 2, high), Position(1, 3, low)]
    ordered.reverse()
    assert sorted(ordered) == ordered[::-1]
