"""Whose fault it is that signals could not be stored, by what the database said: a signal's, or the service's."""

from enum import Enum, auto

import asyncpg


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


def _sqlstate(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""
