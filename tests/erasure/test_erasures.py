"""Who was forgotten, by the hash of a name."""

import json
from datetime import UTC, datetime
from typing import Any

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
    assert Erasures(forgotten).change(line) == line
    assert forgotten.looked < 10_000


def test_the_longest_name_is_found_within_a_word() -> None:
    for name in ("-" * 64, "a-" * 32, "ab" * 32):
        erased = json.loads(Erasures({sha256_of(name): AT}).change(change(f"not 'b' but {name}, as said")))
        assert erased["reason"] == "not 'b' but , as said"
