"""The result of one run: what is printed, what stands in the document, and what makes the run fail."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.reliability.ledger import Audit, Ledger

ANSWER_SECONDS = 5.5

Row = dict[str, str]
"""One line of the table: column by title."""


@dataclass(frozen=True, slots=True)
class Run:
    """One fault, brought about `times` times under load.

    `back_after` has the seconds from the end of each outage to the first 201, `not_ready_after` those from its
    beginning until `/api/v1/ready` said 503.
    """

    fault: str
    times: int
    seed: int
    ledger: Ledger
    audit: Audit
    back_after: Sequence[float] = ()
    not_ready_after: Sequence[float] = ()

    def row(self) -> Row:
        """The line of the table."""
        others = {label: number for label, number in sorted(self.ledger.answers.items()) if label != "201"}
        return {
            "fault": self.fault,
            "times": str(self.times),
            "attempts": str(self.ledger.attempts),
            "acknowledged": str(len(self.ledger.acknowledged)),
            "rows": str(self.audit.rows),
            "lost": str(self.audit.lost),
            "doubled": str(self.audit.doubled),
            "longest outage": _seconds([self.ledger.longest_silence()]),
            "201 again after": _seconds(self.back_after),
            "slowest answer": _seconds([self.ledger.slowest]),
            "503 of ready after": _seconds(self.not_ready_after),
            "other outcomes": ", ".join(f"{number} x {label}" for label, number in others.items()) or "-",
            "seed": str(self.seed),
        }

    def check(self, *, times: int, acknowledged: int) -> None:
        """Fail when the run broke the promise, or was too small to show that it is kept."""
        assert self.times >= times, f"invalid: only {self.times} faults of {times}"
        known = len(self.ledger.acknowledged)
        assert known >= acknowledged, f"invalid: only {known} acknowledged of {acknowledged}"
        assert self.audit.lost == 0, f"{self.audit.lost} acknowledged signals are not stored as they were sent"
        assert self.audit.doubled == 0, f"{self.audit.doubled} signals are stored more than once"
        assert self.audit.rows == known, f"{self.audit.rows} rows for {known} signals"
        assert self.ledger.torn == 0, f"{self.ledger.torn} batches were half stored for a while"
        assert self.audit.loose_receipts == 0, f"{self.audit.loose_receipts} receipts without a signal"

    def check_resends(self) -> None:
        """Fail when no acknowledged signal was sent once more, or when one of them got another answer than before."""
        assert self.ledger.compared > 0, "invalid: no acknowledged signal was sent again"
        changed = self.ledger.changed
        assert changed == 0, f"{changed} of {self.ledger.compared} resends got another answer than before"

    def check_back(self, limit: float) -> None:
        """Fail when the first 201 after an outage came later than `limit` seconds."""
        assert max(self.back_after) <= limit, f"the first 201 came {max(self.back_after):.2f} s after the outage"

    def check_not_ready(self, limit: float) -> None:
        """Fail when `/api/v1/ready` did not say 503 within `limit` seconds of the outage."""
        assert self.not_ready_after, "readiness never told of the outage"
        assert max(self.not_ready_after) <= limit, (
            f"503 of ready {max(self.not_ready_after):.2f} s after the outage began"
        )

    def check_answers(self, *allowed: str) -> None:
        """Fail when a request got no answer, another one than 201 and those `allowed`, or a late one."""
        unexpected = self.ledger.answers.keys() - {"201", *allowed}
        assert not unexpected, f"unexpected outcomes: {self.row()['other outcomes']}"
        assert self.ledger.slowest <= ANSWER_SECONDS, f"an answer took {self.ledger.slowest:.2f} s"


def _seconds(values: Sequence[float]) -> str:
    return f"{max(values):.2f} s" if values else "-"


def table(rows: Sequence[Row]) -> str:
    """The lines as a table in Markdown, its columns aligned."""
    titles = list(rows[0])
    widths = [max(len(title), *(len(row[title]) for row in rows)) for title in titles]
    lines = [titles, ["-" * width for width in widths], *([row[title] for title in titles] for row in rows)]
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
