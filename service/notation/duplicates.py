"""What operators say is to become of signals that say the same again."""

from typing import Literal, get_args

Duplicates = Literal["store", "return", "refuse"]
"""A signal whose instrument, side and time are those of an earlier one of the same producer is stored like any other,
answered with the earlier one, or refused."""

DUPLICATES: tuple[Duplicates, ...] = get_args(Duplicates)
