"""Signals by minute: sixty of them, of all processes of the machine, within what a reader may see."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.board.minutes import PAIRS_MAX, Minutes
from service.reading import Filter

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVERYTHING = Filter().matches


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def at(number: int) -> datetime:
    """The minute with this number, beginning with the one of the start."""
    return START.replace(second=0) + number * MINUTE


def counted(minutes: Minutes, seen: Callable[[str, str], bool] = EVERYTHING) -> dict[datetime, int]:
    """The minutes in which something was counted."""
    return {minute: count for minute, count in minutes.totals(seen)[1].items() if count}


def test_a_signal_counts_in_its_minute() -> None:
    clock = Hands()
    minutes = Minutes(clock, None)
    minutes.count("XAUUSD", "alpha")
    clock.now = at(1) - timedelta(microseconds=1)
    minutes.count("XAUUSD", "")
    clock.now = at(2)
    minutes.count("EURUSD", "alpha")
    assert minutes.totals(EVERYTHING) == (START, {at(0): 2, at(1): 0, at(2): 1})


def test_no_more_than_the_last_sixty_minutes_are_told_and_kept() -> None:
    clock = Hands()
    minutes = Minutes(clock, None)
    for number in range(75):
        clock.now = at(number)
        minutes.count("XAUUSD", "alpha")
    since, totals = minutes.totals(EVERYTHING)
    assert since == START
    assert totals == {at(number): 1 for number in range(15, 75)}
    clock.now = at(134)
    assert list(minutes.totals(EVERYTHING)[1].values()) == [0] * 60


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        (Filter(), 7),
        (Filter(frozenset({"XAU*"})), 3),
        (Filter(frozenset({"*"})), 7),
        (Filter(None, frozenset({"alpha"})), 5),
        (Filter(frozenset({"XAU*"}), frozenset({"alpha"})), 1),
        (Filter(frozenset({"XAU"})), 0),
    ],
    ids=["everything", "a prefix", "all instruments", "a producer", "both", "none"],
)
def test_a_reader_sees_what_its_scope_shows(seen: Filter, count: int) -> None:
    minutes = Minutes(Hands(), None)
    for instrument, producer, times in (("XAUUSD", "alpha", 1), ("XAUUSD", "", 2), ("EURUSD", "alpha", 4)):
        for _ in range(times):
            minutes.count(instrument, producer)
    assert sum(counted(minutes, seen.matches).values()) == count


def test_further_pairs_are_told_to_who_sees_everything_and_cost_no_memory() -> None:
    minutes = Minutes(Hands(), None)
    for number in range(3 * PAIRS_MAX):
        minutes.count("XAUUSD", f"producer-{number}")
    minutes.count("XAUUSD", "producer-0")
    assert counted(minutes) == {at(0): 3 * PAIRS_MAX + 1}
    assert counted(minutes, Filter(None, frozenset({"producer-0"})).matches) == {at(0): 2}
    last = f"producer-{3 * PAIRS_MAX - 1}"
    assert counted(minutes, Filter(None, frozenset({last})).matches) == {}


async def test_processes_of_one_machine_know_what_the_others_have_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count(1)
    monkeypatch.setattr("os.getpid", lambda: next(numbers))
    clock = Hands()
    first = Minutes(clock, tmp_path)
    clock.now = at(1)
    second = Minutes(clock, tmp_path)
    first.count("XAUUSD", "alpha")
    second.count("XAUUSD", "alpha")
    second.count("EURUSD", "beta")
    for minutes in (first, second):
        await minutes.share()
    assert first.totals(EVERYTHING) == second.totals(EVERYTHING) == (START, {at(0): 0, at(1): 3})
    assert counted(first, Filter(frozenset({"EURUSD"})).matches) == {at(1): 1}
