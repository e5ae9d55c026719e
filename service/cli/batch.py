"""Signals one after the other: what becomes of each, and when to stop."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from service.cli.options import Exit
from service.client import (
    AlreadyStored,
    Fate,
    InvalidSignal,
    OutcomeUnknown,
    SignalRefused,
    SignalsError,
    StoredSignal,
)
from service.client.signature import timestamp_text
from service.kernel.errors import Refusal

Word = Literal["accepted", "valid", "refused", "failed", "unknown"]

_EXIT: dict[Word, Exit] = {"refused": Exit.REFUSED, "failed": Exit.NETWORK, "unknown": Exit.NETWORK}

Line = tuple[int, bytes]
"""The number of a line, from 1, and the body in it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one signal. `facts` is for programs, `sentence` for people.

    `final` when the cause would meet all later signals too: then none of them is sent.
    """

    line: int
    word: Word
    sentence: str
    facts: dict[str, Any]
    final: bool = False


Send = Callable[[bytes], StoredSignal]
Check = Callable[[bytes], object]


def send_each(lines: Iterable[Line], send: Send) -> Iterator[Result]:
    """Send each signal when the one before is settled. An interruption leaves the outcome of its signal unknown."""
    for number, body in lines:
        result = _send(number, body, send)
        yield result
        if result.final:
            return


def _send(line: int, body: bytes, send: Send) -> Result:
    try:
        return result_of(line, send(body))
    except SignalsError as error:
        return result_of(line, error)
    except KeyboardInterrupt:
        reason = "interrupted: the signal may be stored or not"
        return Result(line, "unknown", reason, {"reason": reason}, final=True)


def result_of(line: int, fate: Fate) -> Result:
    """What became of the signal in a line."""
    match fate:
        case StoredSignal():
            return Result(line, "accepted", _stored(fate), asdict(fate))
        case SignalRefused():
            final = not isinstance(fate, InvalidSignal | AlreadyStored)
            return Result(line, "refused", str(fate), asdict(fate), final)
        case OutcomeUnknown():
            return Result(line, "unknown", str(fate), asdict(fate) | {"reason": str(fate)}, final=True)
        case _:
            return Result(line, "failed", str(fate), {"reason": str(fate)}, final=True)


def _stored(stored: StoredSignal) -> str:
    earlier = "" if stored.differs is None else ", sent before in another request"
    replayed = ", by an earlier attempt" if stored.replayed else earlier
    return f"{stored.id}, stored {timestamp_text(stored.created_at)}{replayed}"


def check_each(lines: Iterable[Line], check: Check) -> Iterator[Result]:
    """Check each signal by the rules of the service, without sending it."""
    for number, body in lines:
        try:
            check(body)
        except Refusal as refusal:
            facts = {"code": refusal.code, "status": refusal.status, "detail": refusal.detail}
            told = SignalRefused(refusal.code, refusal.status, refusal.detail, request_id="")
            yield Result(number, "refused", f"{refusal.code}: {told.sentence}", facts)
        else:
            yield Result(number, "valid", body.decode(), {})


class Tally:
    """How many signals came to what."""

    def __init__(self) -> None:
        self._counts: Counter[Word] = Counter()

    def add(self, result: Result) -> None:
        """Count one more."""
        self._counts[result.word] += 1

    @property
    def exit(self) -> Exit:
        """How the command is to end: by the worst that happened."""
        return max((_EXIT.get(word, Exit.ACCEPTED) for word in self._counts), default=Exit.ACCEPTED)

    def __str__(self) -> str:
        return ", ".join(f"{count} {word}" for word, count in self._counts.items()) or "no signal"
