"""What a reader may see."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Signals of these instruments and of these producers; an empty side stands for all of them.

    An instrument that ends in `*` stands for all whose names begin so.
    """

    instruments: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()


APPROVE = "approve"
"""What a reader may do beside reading: decide what becomes of signals."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads. `name` is None where reading is open to everybody, and for a producer. `may` is what else it
    may do."""

    name: str | None
    scope: Scope = Scope()
    may: tuple[str, ...] = ()
