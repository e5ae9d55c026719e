"""Decisions about signals: who makes them, what becomes of the signal, and where that is told."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from tests.observing.contract import check_refusal, utc_time
from tests.running.deployment import Deployment
from tests.running.operator import Operator
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Answer, Request
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader
from tests.steps.readers import let_read
from tests.steps.streams import Following

STATUS = {"new": 0, "queued": 1, "closed": 2}
STATUS_WORD = r"(?P<status>new|queued|closed)"
REASON = "because of the scenario"
FIRST = b'"0"'
WITHDRAWN = "withdrawn"


class Desk:
    """The signal of a scenario, and what is decided about it."""

    def __init__(self, conversation: Conversation, reader: Reader) -> None:
        self._conversation = conversation
        self._reader = reader
        self.first: Answer | None = None

    @property
    def signal(self) -> str:
        """The id of the signal: that of the first answer which has created one."""
        created = next(answer for answer in self._conversation.answers if answer.status == 201)
        identifier: str = created.json()["id"]
        return identifier

    @property
    def path(self) -> str:
        """Where it is decided."""
        return f"/api/v1/signals/{self.signal}/status"

    def request(self, content: dict[str, Any], reader: Reader | None) -> Request:
        """A decision of a reader, or of nobody."""
        shown = Request(path=self.path) if reader is None else reader.request(self.path)
        body = json.dumps(content).encode()
        return Request("POST", self.path, shown.headers, body).adding("Content-Type", b"application/json")

    def wanted(self, status: str, reader: Reader | None, *, seen_new: bool = False) -> Request:
        """The signal is to become so, if need be only while it is new."""
        reason = {"reason": REASON} if status == "closed" else {}
        request = self.request({"status": STATUS[status], **reason}, reader)
        return request.adding("If-Match", FIRST) if seen_new else request

    def decide(self, status: str, reader: Reader | None, *, seen_new: bool = False) -> None:
        """Have it become so."""
        self._conversation.send(self.wanted(status, reader, seen_new=seen_new))

    def shown(self) -> dict[str, Any]:
        """The signal as the reader sees it now."""
        answer = self._reader.read(f"/api/v1/signals/{self.signal}")
        assert answer.status == 200, answer.label
        content: dict[str, Any] = answer.json()
        return content


@pytest.fixture
def desk(conversation: Conversation, reader: Reader) -> Desk:
    """Nothing is decided yet."""
    return Desk(conversation, reader)


@pytest.fixture
def another_reader(conversation: Conversation, operator: Operator) -> Reader:
    """A second reader that may approve."""
    other = Reader(conversation)
    let_read(operator, other, "--may", "approve")
    return other


@given("the operator has let a reader approve")
def may_approve(inside: Deployment, operator: Operator, reader: Reader) -> None:
    assert inside.running
    let_read(operator, reader, "--may", "approve")


@given(parsers.parse('the operator has let a reader approve the instruments "{instruments}"'))
def may_approve_some(operator: Operator, reader: Reader, instruments: str) -> None:
    let_read(operator, reader, "--may", "approve", "--instrument", instruments)


@given(parsers.re(f"the reader has made the signal {STATUS_WORD}"))
def has_made(desk: Desk, conversation: Conversation, reader: Reader, status: str) -> None:
    if status == "new":
        return
    desk.decide(status, reader)
    desk.first = conversation.answer
    assert desk.first.status == 200, desk.first.label


@when(parsers.re(f"the reader makes the signal {STATUS_WORD}"))
def make(desk: Desk, reader: Reader, status: str) -> None:
    desk.decide(status, reader)


@when(parsers.re(f"another reader makes the signal {STATUS_WORD}"))
def another_makes(desk: Desk, another_reader: Reader, status: str) -> None:
    desk.decide(status, another_reader)


@when(parsers.re(f"another reader, who has seen it new, makes the signal {STATUS_WORD}"))
def another_makes_after_a_look(desk: Desk, another_reader: Reader, status: str) -> None:
    desk.decide(status, another_reader, seen_new=True)


@when(parsers.re(f"the reader, who has seen it new, makes the signal {STATUS_WORD}"))
def make_after_a_look(desk: Desk, reader: Reader, status: str) -> None:
    desk.decide(status, reader, seen_new=True)


@when("two readers, who have seen it new, make it queued and closed at once", target_fixture="at_once")
def make_at_once(desk: Desk, conversation: Conversation, reader: Reader, another_reader: Reader) -> list[Answer]:
    requests = [desk.wanted("queued", reader, seen_new=True), desk.wanted("closed", another_reader, seen_new=True)]
    conversation.send_at_once(requests)
    return conversation.answers[-2:]


@when("somebody makes the signal queued without a token")
def nobody_makes(desk: Desk) -> None:
    desk.decide("queued", None)


@when("the reader closes the signal without a reason")
def close_without_reason(desk: Desk, conversation: Conversation, reader: Reader) -> None:
    conversation.send(desk.request({"status": STATUS["closed"]}, reader))


@when(parsers.parse('the reader closes the signal because of "{reason}"'), target_fixture="reason")
def close(desk: Desk, conversation: Conversation, reader: Reader, reason: str) -> str:
    conversation.send(desk.request({"status": STATUS["closed"], "reason": reason}, reader))
    assert conversation.answer.status == 200, conversation.answer.label
    return reason


@when("the producer withdraws the signal")
def withdraw(desk: Desk, conversation: Conversation, producer: Producer) -> None:
    _sign(conversation, desk, producer, status=STATUS["closed"], reason=WITHDRAWN)


@when("the producer makes the signal queued")
def producer_queues(desk: Desk, conversation: Conversation, producer: Producer) -> None:
    _sign(conversation, desk, producer, status=STATUS["queued"])


@when("another producer withdraws the signal")
def another_withdraws(desk: Desk, conversation: Conversation, producer: Producer) -> None:
    other = producer.fresh()
    other.name = f"not-{producer.name}"
    _sign(conversation, desk, other, status=STATUS["closed"], reason=WITHDRAWN)


def _sign(conversation: Conversation, desk: Desk, producer: Producer, **content: Any) -> None:
    request = producer.request(json.dumps({**content, "id": desk.signal}).encode())
    conversation.send(replace(request, path=desk.path))


@then(parsers.re(f"the (reader|producer) is told that the signal is {STATUS_WORD}"))
def told(desk: Desk, conversation: Conversation, status: str) -> None:
    assert conversation.answer.status == 200, conversation.answer.label
    told = conversation.answer.json()
    assert (told["event"], told["signal_id"], told["status"]) == ("status", desk.signal, STATUS[status])


@then("the reader is told the same as at first")
def told_the_same(desk: Desk, conversation: Conversation) -> None:
    assert desk.first is not None
    assert (conversation.answer.status, conversation.answer.body) == (200, desk.first.body)


@then(parsers.re(f"the signal is {STATUS_WORD}"))
def is_so(desk: Desk, status: str) -> None:
    assert desk.shown()["status"] == STATUS[status]


@then('one of them is refused as "state_changed"')
def one_refused(at_once: list[Answer]) -> None:
    [refused] = [answer for answer in at_once if answer.status != 200]
    check_refusal(refused, "state_changed")


@then("the history of the signal tells one change")
def one_change(desk: Desk) -> None:
    shown = desk.shown()
    assert [change["state_version"] for change in shown["history"]] == [shown["state_version"]] == [1]


@then("the history of the signal tells both changes, their times, the reader and the reason")
def both_changes(desk: Desk, reader: Reader, reason: str) -> None:
    queued, closed = desk.shown()["history"]
    assert [(each["status"], each["by"], each["reason"]) for each in (queued, closed)] == [
        (STATUS["queued"], reader.name, None),
        (STATUS["closed"], reader.name, reason),
    ]
    assert utc_time(queued["at"]) < utc_time(closed["at"])


@then("the feed shows the signal as it was new, and both changes behind it")
def feed_shows(desk: Desk, reader: Reader) -> None:
    expected = [("signal", STATUS["new"], 0), ("status", STATUS["queued"], 1), ("status", STATUS["closed"], 2)]

    def all_there() -> bool:
        return [_told(event) for event in reader.read_events() if _about(event) == desk.signal] == expected

    wait_until(all_there, "the feed shows both changes")


@then("the live feed shows the signal, and the change behind it")
def live_feed_shows(desk: Desk, following: Following) -> None:
    shown = [(event.kind, event.signal) for event in following.stream.events(2)]
    assert [kind for kind, _ in shown] == ["signal", "status"]
    assert (shown[0][1]["id"], shown[1][1]["signal_id"]) == (desk.signal, desk.signal)


@then("the operator is told who has closed the signal, and why")
def operator_told(operator: Operator, desk: Desk, reader: Reader, reason: str) -> None:
    entries = [each for each in operator.told("audit") if each["what"].get("signal") == desk.signal]
    assert [(each["by"], each["what"]["status"], each["what"]["reason"]) for each in entries] == [
        (reader.name, STATUS["closed"], reason)
    ]


@then("the producer sees that the signal is closed, by itself")
def producer_sees(desk: Desk, producer: Producer, conversation: Conversation) -> None:
    path = f"/api/v1/signals/{desk.signal}"
    conversation.send(producer.seal(b"").put_on(Request(path=path)))
    shown = conversation.answer.json()
    assert shown["status"] == STATUS["closed"]
    assert [(each["by"], each["reason"]) for each in shown["history"]] == [(producer.name, WITHDRAWN)]


def _told(event: dict[str, Any]) -> tuple[str, int, int]:
    shown = event.get("signal", event)
    return event["event"], shown["status"], shown["state_version"]


def _about(event: dict[str, Any]) -> str:
    identifier: str = event["signal"]["id"] if "signal" in event else event["signal_id"]
    return identifier
