"""The reference knows right from wrong: it agrees with those who made the specimens.

Seen to fail when the reference knows no surrogates, no bound of numbers, or takes a key twice for one.
"""

import random
from collections.abc import Callable

import pytest

from tests.hostile.inputs import torture_in_payload
from tests.hostile.reference_signal import examine
from tests.hostile.seed import FULL, SEED, drawing
from tests.hostile.torture import CLASSES, INVALID, UNSTORABLE, Specimen


@pytest.mark.parametrize("make", CLASSES)
def test_the_reference_agrees_with_the_specimens(make: Callable[[random.Random], Specimen]) -> None:
    for number in range(5_000 if FULL else 500):
        specimen = make(drawing(make.__name__, number))
        note = f"HOSTILE_SEED={SEED}, number {number}: {specimen.text[:500]!r}"
        inside = examine(torture_in_payload(specimen.text))
        assert (inside.signal is not None) == (specimen.code is None), note
        assert _codes(inside.codes, specimen) == ({specimen.code} if specimen.code else set()), note
        alone = examine(specimen.text)
        assert _codes(alone.codes, specimen) == {specimen.code or UNSTORABLE}, note


def _codes(codes: frozenset[str], specimen: Specimen) -> set[str]:
    """A key may be seen twice before the fault is."""
    return {*codes} - ({"duplicate_key"} if specimen.code == INVALID else set())
