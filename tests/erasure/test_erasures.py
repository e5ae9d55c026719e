"""Who was forgotten, by the hash of a name."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.erasure.erasures import Erasures, sha256_of

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Counted(dict[bytes, datetime]):
    """The hashes of who was forgotten; how often it was looked for one is counted."""

    looked = 0

    def get(self, key: Any, default: Any = None) -> Any:
        self.looked += 1
        return super().get(key, default)


def change(reason: str) -> str:
    """A line of transitions."""
    return json.dumps({"producer_id": None, "by": "anna", "at": "2025-01-31T12:00:00+00:00", "reason": reason})


def test_a_long_reason_of_many_words_is_not_looked_up_in_all_its_parts() -> None:
    """Red with all parts of it: 125,000 of them."""
    forgotten = Counted({sha256_of("somebody"): AT})
    line = change("a-" * 250)
    assert Erasures(forgotten, set()).change(line) == line
    assert forgotten.looked < 10_000


def test_the_longest_name_is_found_within_a_word() -> None:
    for name in ("-" * 64, "a-" * 32, "ab" * 32):
        erased = json.loads(Erasures({sha256_of(name): AT}, set()).change(change(f"not 'b' but {name}, as said")))
        assert erased["reason"] == "not 'b' but , as said"


@pytest.mark.parametrize(
    ("forgotten", "known", "left"),
    [
        (["bot"], [], ", bot2 and -2, a-b-c"),
        (["bot"], ["bot-2"], ", bot2 and bot-2, a-b-c"),
        (["bot", "bot-2"], [], ", bot2 and , a-b-c"),
        (["a-b"], ["b-c"], "bot, bot2 and bot-2, "),
        (["a-b", "b-c"], [], "bot, bot2 and bot-2, "),
        (["a-b", "a-b-c", "c"], ["b"], "bot, bot2 and bot-2, "),
        (["b"], ["a-b-c"], "bot, bot2 and bot-2, a-b-c"),
    ],
    ids=str,
)
def test_a_name_is_not_meant_where_it_is_part_of_another_and_names_that_overlap_are_as_one(
    forgotten: list[str], known: list[str], left: str
) -> None:
    erasures = Erasures({sha256_of(name): AT for name in forgotten}, set(map(sha256_of, known)))
    assert erasures.reason("bot, bot2 and bot-2, a-b-c", AT) == left


def test_what_was_said_later_is_not_meant_and_its_names_are_names_nevertheless() -> None:
    erasures = Erasures({sha256_of("bot"): AT, sha256_of("bot-2"): AT - timedelta(1)}, set())
    assert erasures.reason("bot of bot-2", AT) == " of bot-2"
    assert erasures.reason("bot of bot-2", AT + timedelta(1)) == "bot of bot-2"
