"""The trace of a request, for the rooms that take part in it. Where tracing is off there is none."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Protocol


class Trace(Protocol):
    """What becomes of one request, in parts that each take some time."""

    @property
    def id(self) -> str:
        """By which it is found: 32 hexadecimal digits."""

    def proven(self) -> None:
        """Who asks is proven, and may say which trace the request belongs to: a stranger decides nothing."""

    def wait(self) -> None:
        """From now on the request waits for a commit."""


trace: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The trace of the request that is being handled."""


def tell_proven() -> None:
    """Who asks what is being handled is proven."""
    current = trace.get()
    if current is not None:
        current.proven()


Attempted = Callable[[Sequence[Trace], float, Exception | None], None]
"""Takes note that the signals of these requests were to be stored with one commit, which took so many seconds; and of
the error, if it failed."""
