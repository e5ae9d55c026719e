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

SEE_WAITING = "see waiting"
"""What a producer may, with its own signals."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads. `name` is None where reading is open to everybody, and for a producer. `may` is what else it
    may do."""

    name: str | None
    scope: Scope = Scope()
    may: tuple[str, ...] = ()

    @property
    def sees_waiting(self) -> bool:
        """Whether it sees signals before they are approved."""
        return APPROVE in self.may or SEE_WAITING in self.may
