"""By what the signals of the scenarios can be told from those of everybody else."""

import itertools
import json
import re
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

INSTRUMENT = re.compile(r"[A-Z0-9._-]{2,20}")

TRADEABLE = "what it sends might be traded: from outside a signal is for TEST.QA only"


@dataclass(frozen=True)
class Marks:
    """None are needed where the service is the tests' own; what they send is told apart by its time alone."""

    instrument: str = "XAUUSD"
    producer_id: str = "mt5-gold-1"
    named_though_unsigned: bool = False

    def payload(self) -> str | None:
        """The payload of a signal to which the scenario gives none, as JSON."""
        return None

    def put_on(self, body: bytes) -> bytes:
        """The body as it may be sent."""
        return body


@dataclass(frozen=True)
class QaMarks(Marks):
    """Marks for a service that others use too: nobody trades on these signals, and they can be found again."""

    instrument: str = "TEST.QA"
    producer_id: str = field(default_factory=lambda: f"qa-{uuid4().hex[:12]}")
    named_though_unsigned: bool = True
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def payload(self) -> str:
        """A payload that no other signal has."""
        return json.dumps({"qa": f"{self.producer_id}-{next(self._numbers)}"})

    def put_on(self, body: bytes) -> bytes:
        """The same body for `TEST.QA`; skips the scenario when it would be a signal for something else."""
        marked = body.replace(Marks.instrument.encode(), self.instrument.encode())
        if _instrument_of(marked) not in {None, self.instrument}:
            pytest.skip(TRADEABLE)
        return marked


def _instrument_of(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    instrument = value.get("instrument") if isinstance(value, dict) else None
    return instrument if isinstance(instrument, str) and INSTRUMENT.fullmatch(instrument) else None
