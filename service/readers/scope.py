"""What a reader may see."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Signals of these instruments and of these producers; an empty side stands for all of them.

    An instrument that ends in `*` stands for all whose names begin so.
    """

    instruments: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads. `name` is None where reading is open to everybody."""

    name: str | None
    scope: Scope = Scope()
