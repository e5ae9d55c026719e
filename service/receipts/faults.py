"""Whose fault it is that signals could not be stored, by what the database said: a signal's, or the service's."""

import time
from enum import Enum, auto

import asyncpg

from service.kernel.errors import FieldFault

UNSTORABLE = FieldFault(loc=["body", "payload"], msg="Input cannot be stored as jsonb", type="value_error")
"""What PostgreSQL alone finds out."""


class Blame(Enum):
    """Where the fault lies. The classes of SQLSTATE are those of the PostgreSQL manual, appendix A."""

    SIGNAL = auto()
    """One of them cannot be stored, ever: 22 data exception, 54 program limit exceeded."""
    SIZE = auto()
    """They were too many for the time that a statement may take: 57014, or no answer at all."""
    SERVICE = auto()
    """None of them: no connection could be opened, or it broke, or what answered gave no SQLSTATE; or somebody holds a
    lock (55P03), which each half would have to wait for as long."""
    OPEN = auto()
    """All else may be either, a constraint for one: only whether others can be stored tells."""


def blame(error: Exception) -> Blame:
    """Where the fault lies, as far as the error alone tells."""
    sqlstate = _sqlstate(error)
    if isinstance(error, TimeoutError) or sqlstate == "57014":
        return Blame.SIZE
    if sqlstate[:2] in {"22", "54"}:
        return Blame.SIGNAL
    if isinstance(error, ConnectionError) or sqlstate[:2] in {"", "08"} or waited_for_a_lock(error):
        return Blame.SERVICE
    return Blame.OPEN


def waited_for_a_lock(error: Exception) -> bool:
    """Whether somebody else has held a lock for as long as it is waited for: 55P03."""
    return _sqlstate(error) == "55P03"


def kind(error: Exception) -> str:
    """What makes two errors alike: their SQLSTATE, or their class where there is none."""
    return _sqlstate(error) or type(error).__name__


def leaves_open(error: Exception) -> bool:
    """Whether the statement may have been committed all the same: nobody said that it failed."""
    return not isinstance(error, asyncpg.PostgresError) or _sqlstate(error)[:2] in {"", "08"}


class Faults:
    """What keeps signals from being stored, by its kind, until one is stored that was sent later."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._noted)

    def __contains__(self, error: Exception) -> bool:
        return kind(error) in self._noted

    def note(self, error: Exception) -> bool:
        """Whether it is the first of its kind."""
        first = error not in self
        self._noted[kind(error)] = time.monotonic()
        return first

    def end(self, sent: float) -> None:
        """Something was stored that was sent then, on the monotonic clock."""
        self._noted = {name: noted for name, noted in self._noted.items() if noted > sent}


def _sqlstate(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""
