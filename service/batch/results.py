"""What is told of each item of a batch."""

from typing import Any

from service.batch.statement import Outcomes
from service.kernel.errors import Refusal
from service.receipts.errors import DuplicateSignal
from service.receipts.statement import Stored

Result = dict[str, Any]


def results_of(outcomes: Outcomes) -> list[Result]:
    """The results in the order of the items, each with the status that it would have alone."""
    return [_stored(outcome) if isinstance(outcome, Stored) else _refused(outcome) for outcome in outcomes]


def _stored(stored: Stored) -> Result:
    found = {"id": str(stored.id), "created_at": stored.created_at}
    if stored.differs is None:
        return {"status": 201, **found}
    duplicate = {"status": 200, **found, "duplicate_of": str(stored.id)}
    return {**duplicate, "differs": True} if stored.differs else duplicate


def _refused(refusal: Refusal) -> Result:
    refused = {"status": refusal.status, "code": refusal.code, "detail": refusal.detail}
    return {**refused, "duplicate_of": str(refusal.first)} if isinstance(refusal, DuplicateSignal) else refused
