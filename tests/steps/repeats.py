"""Signals that are sent again as new requests: under a key of the producer's own, or without one."""

from datetime import timedelta
from uuid import uuid4
from weakref import WeakKeyDictionary

from pytest_bdd import given, parsers, then, when

from tests.observing.contract import check_refusal
from tests.running.deployment import Deployment
from tests.running.operator import Operator
from tests.running.reachable import Reachable
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import BATCH, Request
from tests.speaking.producer import Producer, time_text
from tests.steps.batches import signals

KEY = "Idempotency-Key"
UNDER = "under the key (?P<key>.+)"


def anew(producer: Producer, deployment: Reachable, place: int = 1) -> Request:
    """The same signal in another request."""
    producer.timestamp = time_text(deployment.now() + timedelta(microseconds=place))
    return producer.request()


_MARKS: WeakKeyDictionary[Conversation, str] = WeakKeyDictionary()
"""What makes the keys of a scenario its own: the service is shared with others."""


def under(conversation: Conversation, request: Request, *keys: str) -> Request:
    """The same request with keys."""
    mark = _MARKS.setdefault(conversation, uuid4().hex)
    for key in keys:
        request = request.adding(KEY, key.replace("order-1", f"order-{mark}").encode())
    return request


@given(parsers.parse("duplicates are {word}"))
def duplicates(inside: Deployment, word: str) -> None:
    inside.configure(SIGNALS_DUPLICATES={"returned": "return", "refused": "refuse"}[word])


@given("the operator has said that its duplicates are refused")
def duplicates_of_one(producer: Producer, operator: Operator) -> None:
    operator.told("producers", "set", producer.name, "--duplicates", "refuse")


@given("a day has passed for all keys")
def day_has_passed(inside: Deployment) -> None:
    inside.database.execute("UPDATE receipts SET expires_at = now() WHERE fingerprint IS NOT NULL")


@given(parsers.re(f"the producer has sent a signal {UNDER}"))
@when(parsers.re(f"the producer sends a signal {UNDER}"))
def send_under(producer: Producer, conversation: Conversation, key: str) -> None:
    conversation.send(under(conversation, producer.request(), key))


@given(parsers.re(f"the producer has sent a faulty signal {UNDER}"))
def send_faulty_under(producer: Producer, conversation: Conversation, key: str) -> None:
    faulty = producer.fresh()
    faulty.fields["side"] = "7"
    conversation.send(under(conversation, faulty.request(), key))
    check_refusal(conversation.answer, "validation_failed")


@when(parsers.re(f"the producer sends another signal {UNDER}"))
def send_another_under(producer: Producer, conversation: Conversation, key: str) -> None:
    conversation.send(under(conversation, producer.fresh().request(), key))


@when(parsers.re(f"the producer sends a batch of 2 signals {UNDER}"))
def send_batch_under(producer: Producer, conversation: Conversation, key: str) -> None:
    items = signals(producer, 2)
    producer.path = BATCH
    conversation.send(under(conversation, producer.request(f'{{"signals": [{", ".join(items)}]}}'.encode()), key))


@when(parsers.re(f"the producer signs the same signal anew {UNDER}"))
def sign_anew_under(producer: Producer, conversation: Conversation, deployment: Reachable, key: str) -> None:
    conversation.send(under(conversation, anew(producer, deployment), key))


@when("the producer sends a signal under two keys")
def send_under_two_keys(producer: Producer, conversation: Conversation) -> None:
    conversation.send(under(conversation, producer.request(), "one", "two"))


@when(parsers.re(f"another producer sends the same signal( {UNDER})?"))
def send_as_another(producer: Producer, conversation: Conversation, key: str | None) -> None:
    producer.name += "-2"
    conversation.send(under(conversation, producer.request(), *([key] if key else [])))


@when("the producer signs the same signal anew")
def sign_anew(producer: Producer, conversation: Conversation, deployment: Reachable) -> None:
    conversation.send(anew(producer, deployment))


@when(parsers.re("the producer sends the same signal with another (?P<field>payload|instrument|side|time)"))
def send_differing(producer: Producer, conversation: Conversation, deployment: Reachable, field: str) -> None:
    earlier = producer.fields["time"].replace("2026-01-31", "2026-01-30")
    other = {"payload": '{"other": 1}', "instrument": '"OTHER"', "side": "1", "time": earlier}
    producer.fields[field] = other[field]
    conversation.send(anew(producer, deployment))


@given("nobody has sent a signal")
@when("nobody sends the same signal")
def send_as_nobody(producer: Producer, conversation: Conversation) -> None:
    conversation.send(producer.unsigned_request(producer.body()))


@when(parsers.re(r"the same signal is sent (?P<count>\d+) times at once(?P<keyed> under one key)?, each signed anew"))
def send_same_at_once(
    producer: Producer, conversation: Conversation, deployment: Reachable, count: str, keyed: str | None
) -> None:
    keys = ["order-1"] if keyed else []
    conversation.send_at_once(
        [under(conversation, anew(producer, deployment, place), *keys) for place in range(int(count))]
    )


@then("it names the first signal")
def names_first(conversation: Conversation) -> None:
    assert conversation.answer.headers["Duplicate-Of"] == conversation.answers[0].json()["id"]


@then("it says that they differ")
def says_that_they_differ(conversation: Conversation) -> None:
    assert conversation.answer.json()["differs"] is True


@then("all of them tell of one signal")
def one_signal(conversation: Conversation) -> None:
    assert sorted({answer.status for answer in conversation.answers}) == [200, 201]
    assert len({answer.json()["id"] for answer in conversation.answers}) == 1
