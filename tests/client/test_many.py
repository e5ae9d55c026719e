"""Many signals at once: which are sent together, which again, and that each fate is told."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from service.client import (
    AlreadyStored,
    InvalidSignal,
    NotSent,
    OutcomeUnknown,
    Retries,
    ServiceBusy,
    Side,
    Signal,
    SignalsClient,
    SignatureRefused,
    StoredSignal,
)
from service.client.many import BATCH_BYTES, BATCH_ITEMS, Many

STORED = {"status": 201, "id": "01a20dc7-e667-7406-ab00-7167f832076d", "created_at": "2026-01-31T12:00:01Z"}
FOUND = {**STORED, "status": 200, "duplicate_of": STORED["id"], "differs": True}
INVALID = {
    "status": 422,
    "code": "validation_failed",
    "detail": [{"loc": ["body", "signals", 1], "msg": "m", "type": "t"}],
}
LIMITED = {"status": 429, "code": "rate_limited", "detail": "too many"}
REPEATED = {"status": 409, "code": "duplicate_signal", "detail": "again", "duplicate_of": STORED["id"]}

Answers = Callable[[int], httpx.Response]


def signals(number: int) -> list[Signal]:
    """So many good signals."""
    return [Signal("XAUUSD", Side.BUY, payload={"n": place}) for place in range(number)]


class Service:
    """A service that answers as planned, and then stores all."""

    def __init__(self, *plan: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self._plan = list(plan)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self._plan.pop(0) if self._plan else results(*[STORED] * len(self.sent(-1)))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def sent(self, place: int) -> Sequence[Any]:
        """The items of a request."""
        items: Sequence[Any] = json.loads(self.requests[place].content)["signals"]
        return items

    def keys(self) -> list[str]:
        """The key of each request."""
        return [request.headers["Idempotency-Key"] for request in self.requests]

    def client(self, **options: Any) -> SignalsClient:
        """A client of it, which does not really wait."""
        http = httpx.Client(transport=httpx.MockTransport(self._handle))
        return SignalsClient(
            "http://signals", producer_id="alpha", secret="s" * 32, http=http, sleep=self.pauses.append, **options
        )


def results(*each: dict[str, Any], status: int = 201) -> httpx.Response:
    """The answer to a batch."""
    return httpx.Response(status, json={"results": each}, headers={"X-Request-Id": "r"})


def refusal(status: int, code: str, **more: Any) -> httpx.Response:
    """A batch that is refused as a whole."""
    content = {"code": code, "detail": "a sentence", "request_id": "r", **more}
    return httpx.Response(status, json=content, headers={"X-Request-Id": "r", "Retry-After": "7"})


def test_each_fate_is_told_in_its_order() -> None:
    service = Service(results(STORED, INVALID, FOUND, REPEATED, status=207))
    one, two, three, four = service.client().send_many(signals(4))
    assert isinstance(one, StoredSignal)
    assert one.differs is None
    assert isinstance(two, InvalidSignal)
    assert "body.signals.1: m" in str(two)
    assert isinstance(three, StoredSignal)
    assert three.differs is True
    assert isinstance(four, AlreadyStored)
    assert str(four.duplicate_of) == STORED["id"]
    assert [request.url.path for request in service.requests] == ["/api/v1/signals/batch"]


def test_when_all_are_refused_their_fates_are_told_all_the_same() -> None:
    answer = refusal(422, "batch_refused", results=[INVALID, INVALID])
    assert [type(fate) for fate in Service(answer).client().send_many(signals(2))] == [InvalidSignal, InvalidSignal]


def test_only_those_for_which_there_was_no_time_are_sent_again_under_another_key() -> None:
    service = Service(results(STORED, LIMITED, INVALID, LIMITED, status=207))
    fates = service.client().send_many(signals(4))
    assert [type(fate) for fate in fates] == [StoredSignal, StoredSignal, InvalidSignal, StoredSignal]
    assert [item["payload"]["n"] for item in service.sent(1)] == [1, 3]
    assert len(set(service.keys())) == 2


def test_a_repeated_request_keeps_its_key_and_waits_as_long_as_it_is_told() -> None:
    lost = httpx.ReadTimeout("lost")
    service = Service(lost, refusal(503, "overloaded"), refusal(429, "rate_limited"))
    fates = service.client().send_many(signals(2))
    assert all(isinstance(fate, StoredSignal) for fate in fates)
    assert len(set(service.keys())) == 1
    assert all(pause >= 7 for pause in service.pauses[1:])
    assert len({request.content for request in service.requests}) == 1


def test_two_calls_with_the_same_signals_share_no_key() -> None:
    service = Service()
    client, same = service.client(), signals(1)
    client.send_many(same)
    client.send_many(same)
    assert len(set(service.keys())) == 2


def test_nothing_is_sent_for_no_signals() -> None:
    service = Service()
    assert service.client().send_many([]) == []
    assert service.requests == []


def test_what_is_no_json_is_not_put_among_the_others() -> None:
    service = Service()
    fates = service.client().send_many([signals(1)[0], b'{"side": NaN}', b"{}],", b"{"])
    assert [type(fate) for fate in fates] == [StoredSignal, *[InvalidSignal] * 3]
    assert len(service.sent(0)) == 1


@pytest.mark.parametrize(
    ("answer", "sizes"),
    [
        (refusal(429, "rate_limited", at_once=3), [8, 3, 3, 2]),
        (refusal(413, "body_too_large"), [8, 4, 4]),
    ],
)
def test_too_many_are_sent_in_smaller_batches(answer: httpx.Response, sizes: list[int]) -> None:
    service = Service(answer)
    fates = service.client(retries=Retries(for_seconds=0)).send_many(signals(8))
    assert all(isinstance(fate, StoredSignal) for fate in fates)
    assert [len(service.sent(place)) for place in range(len(service.requests))] == sizes


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (httpx.ReadTimeout("lost"), OutcomeUnknown),
        (refusal(401, "signature_mismatch"), SignatureRefused),
        (refusal(503, "overloaded"), ServiceBusy),
    ],
)
def test_what_would_meet_the_others_too_is_the_end(outcome: Any, kind: type[Exception]) -> None:
    service = Service(outcome)
    fates = service.client(retries=Retries(for_seconds=0)).send_many(signals(BATCH_ITEMS + 1))
    assert [type(fate) for fate in fates] == [*[kind] * BATCH_ITEMS, NotSent]
    assert fates[-1].__cause__ is fates[0]  # type: ignore[union-attr]
    assert len(service.requests) == 1


def test_batches_are_as_large_as_they_may_be_by_number_and_by_bytes() -> None:
    many = Many([b'{"x":"' + b"-" * 400_000 + b'"}'] * 5)
    sizes = []
    while places := many.next():
        sizes.append(len(places))
        assert len(many.body(places)) <= BATCH_BYTES
    assert sizes == [2, 2, 1]
    assert len(Many([b"{}"] * 1200).next()) == BATCH_ITEMS
