"""The seed from which hostile inputs are drawn, and how many of them.

HOSTILE=full asks for the full numbers. HOSTILE_SEED repeats a run; without it the full numbers are drawn anew each
time, and the small ones are always the same.
"""

import os
import random
from secrets import randbits

FULL = os.environ.get("HOSTILE") == "full"

# All processes of one test run draw from the same seed.
SEED = int(os.environ.setdefault("HOSTILE_SEED", str(randbits(32) if FULL else 20261124)))


def drawing(*names: object) -> random.Random:
    """A source of random decisions of one's own, the same whenever the seed and the names are the same."""
    return random.Random(f"{SEED}-{names}")  # noqa: S311  # a choice of inputs, not a secret
