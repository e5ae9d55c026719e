"""What a scenario has to know about a service, whether the tests run it themselves or it runs already, somewhere."""

from datetime import datetime
from typing import Protocol

import httpx

from tests.running.marks import Marks


class Reachable(Protocol):
    """A service that can be sent to."""

    @property
    def url(self) -> str:
        """Where it listens."""

    @property
    def client(self) -> httpx.Client:
        """Connections to it."""

    @property
    def marks(self) -> Marks:
        """By what the signals of the scenarios are known there."""

    @property
    def signing(self) -> bool:
        """Whether it demands signatures."""

    def demand_signing(self, on: bool) -> None:
        """Have it demand signatures, or not."""

    def now(self) -> datetime:
        """What its clock shows."""


class Tally(Protocol):
    """Knows how many signals a scenario has stored."""

    def count_new(self) -> int:
        """How many signals were stored since the scenario began."""
