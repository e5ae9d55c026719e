"""What every refusal is. Each room raises its own, from its own `errors` module:

Refusal
├── service.http.errors     a request that is not acceptable as HTTP, or is no signal, or that there is no time for
├── service.proof.errors    a sender who is not proven
├── service.rates.errors    a producer that sends more than it may
├── service.receipts.errors what was sent before
├── service.readers.errors  a reader that nobody knows
├── service.feed.errors     a place in the feed that is none, or a feed that cannot be read
├── service.batch.errors    a batch of which nothing can be stored
├── service.lifecycle.errors  a decision about a signal that cannot be made
├── service.months.errors   a signal whose month lies in an archive
└── InternalError           500 internal_error

The code of a refusal is a promise to producers and never changes. `detail` tells what to change, and never
repeats what was sent.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypedDict, TypeVar


class FieldFault(TypedDict):
    """One fault of a signal, in the form that pydantic and FastAPI users know."""

    loc: list[str | int]
    msg: str
    type: str


class Refusal(Exception):
    """A request that is not accepted: HTTP status, stable code, and a sentence for the producer."""

    status: ClassVar[int]
    code: ClassVar[str]
    sentence: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}
    counts: ClassVar[bool] = False
    """Whether a request that is refused so counts towards the rate of its producer: something may have been stored, or
    it was as good as one that is."""

    def __init__(self, detail: str | list[FieldFault] | None = None) -> None:
        super().__init__(self.code)
        self.detail = self.sentence if detail is None else detail
        self.answer_headers = self.headers
        """The headers of this answer: those that all of its kind have, with what is known now."""
        self.extra: Mapping[str, Any] = {}
        """What the answer tells beside code, detail and request id."""

    @property
    def fields(self) -> list[str]:
        """The names of the fields or headers at fault, for the log."""
        return []


AnyRefusal = TypeVar("AnyRefusal", bound=Refusal)


class InternalError(Refusal):
    status, code = 500, "internal_error"
    sentence = "Internal server error"
    counts = True


def all_refusals() -> list[type[Refusal]]:
    """Every refusal with a code, of the rooms that are loaded, by status and code."""
    return refusals_below(Refusal)


def refusals_below(root: type[AnyRefusal]) -> list[type[AnyRefusal]]:
    """The same of those that `root` stands for."""
    return sorted(_below(root), key=lambda refusal: (refusal.status, refusal.code))


def _below(root: type[AnyRefusal]) -> Iterator[type[AnyRefusal]]:
    for refusal in root.__subclasses__():
        if hasattr(refusal, "code"):
            yield refusal
        yield from _below(refusal)


_NOT_ABOUT_ROWS = {"08", "0A", "25", "26", "28", "3D", "3F", "42", "53", "55", "57", "58"}
"""Classes of SQLSTATE about the connection, the server, its resources and its schema."""


def database_reason(error: BaseException) -> str | None:
    """What the database said, if it may be told: an error about a row quotes the row, and then it is None."""
    sqlstate: str | None = getattr(error, "sqlstate", None)
    return str(error).partition("\n")[0] if sqlstate and sqlstate[:2] in _NOT_ABOUT_ROWS else None
