"""Which signals a reader wants, and may see."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.readers.scope import Scope
from service.reading import Filter

PATTERNS = ["*", "X*", "XAU*", "XAU", "XAUUSD", "XAU_*", "XAU.*", "Y*", "YEN"]
NAMES = ["XAU", "XAUUSD", "XAU_", "XAU_X", "XAU.X", "X0", "YEN", "XA"]


def meant(pattern: str) -> set[str]:
    """The names that a pattern stands for."""
    return {name for name in NAMES if name == pattern or (pattern[-1] == "*" and name.startswith(pattern[:-1]))}


@pytest.mark.parametrize(("scope", "filter"), [*product(PATTERNS, PATTERNS)])
def test_a_scope_and_a_filter_give_the_names_that_they_have_in_common(scope: str, filter: str) -> None:
    narrowed = Filter(frozenset({filter})).within(Scope((scope,)))
    assert {name for name in NAMES if narrowed.matches(name, "alpha")} == meant(scope) & meant(filter)


@given(st.sets(st.sampled_from(PATTERNS)), st.sets(st.sampled_from(PATTERNS), min_size=1))
def test_sets_of_patterns_do_too(scope: set[str], filter: set[str]) -> None:
    narrowed = Filter(frozenset(filter)).within(Scope(tuple(scope)))
    allowed = set.union(*map(meant, scope)) if scope else set(NAMES)
    wanted = set.union(*map(meant, filter))
    assert {name for name in NAMES if narrowed.matches(name, "")} == allowed & wanted


def test_a_scope_of_both_kinds_shows_what_matches_both() -> None:
    filter = Filter().within(Scope(("XAU*",), ("alpha", "beta")))
    assert filter.matches("XAUUSD", "beta")
    assert not filter.matches("XAUUSD", "gamma")
    assert not filter.matches("YEN", "beta")
    assert not filter.matches("XAUUSD", "")


def test_what_is_out_of_scope_cannot_be_asked_for() -> None:
    filter = Filter(producers=frozenset({"gamma"})).within(Scope(producers=("alpha",)))
    assert not any(filter.matches("XAUUSD", name) for name in ("alpha", "gamma", ""))
