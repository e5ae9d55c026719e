"""What came of one fault: what is printed, what stands in the document, and what makes the test fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.reliability.ledger import Audit, Ledger
from tests.reliability.run import ANSWER_SECONDS, Row


@dataclass(slots=True)
class Measured:
    """In seconds, one figure for each time: the longest time without a 201; the time until another node said that it
    leads, if one did, and until a standby confirmed what that commits; and from then, or else from the end of what was
    done, until the first 201."""

    silences: list[float] = field(default_factory=list)
    leader_after: list[float] = field(default_factory=list)
    confirmed_after: list[float] = field(default_factory=list)
    back_after: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The comparison. A reader has skipped what is stored and what it has not seen, or has seen in another order. What
    it has seen and what is gone was never acknowledged, if nothing was lost. `paged` pages came from standbys."""

    fault: str
    seed: int
    ledger: Ledger
    audit: Audit
    stored: Sequence[str]
    seen: Sequence[Sequence[str]]
    paged: int
    measured: Measured

    @property
    def skipped(self) -> int:
        """How many signals the readers have skipped, or seen more than once or in another order."""
        return sum(self._skipped(ids) for ids in self.seen)

    def _skipped(self, ids: Sequence[str]) -> int:
        missing = len(set(self.stored) - set(ids))
        kept = set(self.stored)
        in_order = [each for each in ids if each in kept] == list(self.stored)
        return missing or (0 if in_order else 1)

    @property
    def vanished(self) -> int:
        """How many signals readers have seen that are gone."""
        return len({each for ids in self.seen for each in ids} - set(self.stored))

    def row(self) -> Row:
        """The line of the table."""
        others = {label: number for label, number in sorted(self.ledger.answers.items()) if label != "201"}
        return {
            "fault": self.fault,
            "times": str(len(self.measured.silences)),
            "acknowledged": str(len(self.ledger.acknowledged)),
            "lost": str(self.audit.lost),
            "doubled": str(self.audit.doubled),
            "skipped": str(self.skipped),
            "seen and gone": str(self.vanished),
            "without a 201": _seconds(self.measured.silences),
            "another leads after": _seconds(self.measured.leader_after),
            "a standby confirms after": _seconds(self.measured.confirmed_after),
            "201 again after": _seconds(self.measured.back_after),
            "slowest answer": _seconds([self.ledger.slowest]),
            "other outcomes": ", ".join(f"{number} x {label}" for label, number in others.items()) or "-",
            "seed": str(self.seed),
        }

    def check(self) -> None:
        """Fail when the promise was broken."""
        known = len(self.ledger.acknowledged)
        assert self.audit.lost == 0, f"{self.audit.lost} acknowledged signals are not stored as they were sent"
        assert self.audit.doubled == 0, f"{self.audit.doubled} signals are stored more than once"
        assert self.audit.rows == known, f"{self.audit.rows} rows for {known} signals"
        assert self.audit.loose_receipts == 0, f"{self.audit.loose_receipts} receipts without a signal"
        assert self.ledger.changed == 0, f"{self.ledger.changed} resends got another answer than before"
        assert self.paged > 0, "invalid: no page came from a standby"
        assert self.skipped == 0, f"{self.skipped} signals were skipped by a reader"
        assert self.ledger.slowest <= ANSWER_SECONDS, f"an answer took {self.ledger.slowest:.2f} s"


def _seconds(values: Sequence[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values) + " s" if values else "-"
