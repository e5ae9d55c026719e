"""Whose token is whose: known in memory, until it ends."""

from datetime import timedelta

import pytest

from service.http.errors import Overloaded
from service.readers.readers import Readers, Token
from service.readers.scope import Reader, Scope
from tests.running.application import NOW, present

ALPHA = Reader("alpha", Scope(("XAU*",), ("my-bot",)))


def knowing(tokens: dict[bytes, Token]) -> Readers:
    """Readers with these tokens."""
    readers = Readers(present)
    readers.fill(tokens)
    return readers


def test_as_long_as_nobody_is_known_a_token_may_be_good() -> None:
    with pytest.raises(Overloaded):
        Readers(present).find(b"alpha's")


def test_a_token_is_known_by_its_hash() -> None:
    readers = knowing({b"alpha's": Token(ALPHA)})
    assert readers.find(b"alpha's") == ALPHA
    assert readers.find(b"alpha") is None


@pytest.mark.parametrize(("seconds", "reader"), [(-1, None), (0, None), (1, ALPHA)])
def test_a_token_ends_to_the_second(seconds: int, reader: Reader | None) -> None:
    readers = knowing({b"alpha's": Token(ALPHA, NOW + timedelta(seconds=seconds))})
    assert readers.find(b"alpha's") == reader


def test_what_is_filled_anew_is_all_that_is_known() -> None:
    readers = knowing({b"alpha's": Token(ALPHA)})
    readers.fill({b"beta's": Token(Reader("beta"))})
    assert readers.find(b"alpha's") is None
    assert readers.find(b"beta's") == Reader("beta", Scope((), ()))
