"""The refusals: their codes are a promise to producers."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from service.kernel import errors
from service.kernel.errors import InternalError, Refusal, all_refusals
from service.manual.explanations import ROOMS
from tests.observing.contract import STATUS_OF


def test_every_code_has_its_promised_status() -> None:
    assert {refusal.code: refusal.status for refusal in all_refusals()} == STATUS_OF


def test_no_code_stands_for_two_refusals() -> None:
    codes = [refusal.code for refusal in all_refusals()]
    assert len(codes) == len(set(codes))


Branch = tuple[int, str, str, str]
"""A class in a tree: how deep it is, its name, its status and its code, if it has them."""


def drawn(room: ModuleType) -> list[Branch]:
    """The tree that is drawn at the top of a module."""
    lines = re.findall(r"^([│ ]*)[├└]── (\w+)(?: +(\d{3}) (\w+))?$", str(room.__doc__), re.MULTILINE)
    return [(len(indent) // 4, name, status, code) for indent, name, status, code in lines]


def declared(room: ModuleType, root: type[Refusal] = Refusal, depth: int = 0) -> Iterator[Branch]:
    """The tree of the refusals of a module."""
    for refusal in root.__subclasses__():
        if refusal.__module__ == room.__name__:
            told = (str(refusal.status), refusal.code) if hasattr(refusal, "code") else ("", "")
            yield (depth, refusal.__name__, *told)
            yield from declared(room, refusal, depth + 1)


@pytest.mark.parametrize("room", [errors, *ROOMS], ids=lambda room: room.__name__)
def test_the_drawing_of_the_tree_is_true(room: ModuleType) -> None:
    assert drawn(room) == list(declared(room))


def test_the_drawing_of_the_rooms_is_true() -> None:
    rooms = re.findall(r"── (service\.\w+\.errors) ", str(errors.__doc__))
    assert rooms == [room.__name__ for room in ROOMS]
    assert {refusal.__module__ for refusal in all_refusals()} == {errors.__name__, *rooms}


@pytest.mark.parametrize("refusal", list(all_refusals()), ids=lambda refusal: refusal.code)
def test_the_headers_that_a_status_needs_are_there(refusal: type[Refusal]) -> None:
    assert ("WWW-Authenticate" in refusal.headers) == (refusal.status == 401)
    assert ("Retry-After" in refusal.headers) == (refusal.status in {429, 503})


def test_an_internal_error_tells_nothing_of_the_inside() -> None:
    assert InternalError().detail == "Internal server error"
