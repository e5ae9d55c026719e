"""One request to a service with signing on, and the one right answer to it."""

from datetime import UTC, datetime

from tests.hostile.crowd import Outcome
from tests.hostile.reference import judge
from tests.hostile.requests import encode
from tests.hostile.wire import Wire
from tests.observing.contract import check_created, check_refusal
from tests.running.fleet import Running
from tests.speaking.exchange import Answer, Request


def check_outcome(running: Running, request: Request, code: str | None) -> Answer:
    """Send a request, which must be refused with `code` and leave no row, or with None be stored as it was sent. The
    reference, which judges over the generated inputs, must be of the same opinion."""
    verdict = judge(request, datetime.now(UTC))
    before = rows(running)
    with Wire(running.service) as wire:
        answer = wire.send(encode(request)).next_answer()
    signals = verdict.check(answer)
    if code is None:
        check_created(answer)
        assert len(signals) == 1
        sent = {id: (verdict.producer_id, signal, repr(request)) for id, signal in signals.items()}
        Outcome(stored=sent).read_back(running.database)
    else:
        check_refusal(answer, code)
        assert rows(running) == before
    return answer


def rows(running: Running) -> int:
    """How many signals are stored."""
    count: int = running.database.value("SELECT count(*) FROM signals")
    return count
