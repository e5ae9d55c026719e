"""Many signals in one request."""

import json
from collections.abc import Sequence

from pytest_bdd import given, parsers, then, when

from tests.observing.contract import check_item, check_json, check_refusal
from tests.observing.published import check_published
from tests.running.deployment import Deployment
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import BATCH, SIGNALS
from tests.speaking.producer import Producer
from tests.steps.words import one_of

FAULTS = {
    "wrong fields": '{"instrument": "xauusd", "side": 7}',
    "a repeated key": '{"instrument": "XAUUSD", "side": 0, "side": 0, "time": "2026-01-31T12:00:00Z"}',
    "a NUL character": '{"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "note": "\\u0000"}',
    "a lone surrogate": '{"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "note": "\\ud800"}',
    "too large a payload": json.dumps(
        {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"a": "x" * 40_000}}
    ),
    "no signal": "null",
}

BATCHES = r"(?P<kind>a|an atomic) batch of (?P<count>\d+) signals?"


def signals(producer: Producer, count: int) -> list[str]:
    """So many good signals, as JSON."""
    return [producer.fresh().body().decode() for _ in range(count)]


def send(producer: Producer, items: Sequence[str], *, atomic: bool = False) -> None:
    """Send a batch of what is written so."""
    producer.path = BATCH if producer.path == SIGNALS else producer.path
    producer.send(f'{{"signals": [{", ".join(items)}], "atomic": {json.dumps(atomic)}}}'.encode())


@given(parsers.parse("batches may have at most {size} bytes"))
def largest_batch(inside: Deployment, size: str) -> None:
    inside.configure(SIGNALS_BATCH_MAX_BYTES=size)


@given(parsers.re(f"the producer has sent {BATCHES}"))
@when(parsers.re(f"the producer sends {BATCHES}"))
def send_batch(producer: Producer, kind: str, count: str) -> None:
    send(producer, signals(producer, int(count)), atomic="atomic" in kind)


@when(parsers.re(rf"the producer sends {BATCHES} with (?P<fault>{one_of(FAULTS)}) at place (?P<place>\d+)"))
def send_faulty_batch(producer: Producer, kind: str, count: str, fault: str, place: str) -> None:
    items = signals(producer, int(count))
    items[int(place)] = FAULTS[fault]
    send(producer, items, atomic="atomic" in kind)


@when(parsers.parse("the producer sends a batch of {count:d} signals, all of them faulty"))
def send_faults(producer: Producer, count: int) -> None:
    send(producer, [FAULTS["wrong fields"]] * count)


@when(parsers.parse("the producer sends a batch of {count:d} signals, the last as the first"))
def send_repeating_batch(producer: Producer, count: int) -> None:
    items = signals(producer, count - 1)
    send(producer, [*items, items[0]])


@when(parsers.re(r"the producer sends the batch (?P<body>.*)"))
def send_this_batch(producer: Producer, body: str) -> None:
    producer.path = BATCH
    producer.send(body.encode())


@when("the producer sends a batch of 1 signal to the path of single signals")
def send_batch_as_signal(producer: Producer) -> None:
    producer.send(f'{{"signals": [{signals(producer, 1)[0]}]}}'.encode())


@when("the producer sends a single signal to the path of batches")
def send_signal_as_batch(producer: Producer) -> None:
    producer.path = BATCH
    producer.send()


@then("all signals of the batch are stored")
def all_stored(conversation: Conversation) -> None:
    assert conversation.answer.status == 201
    check_json(conversation.answer)
    check_published(conversation.answer, BATCH)
    results = conversation.answer.json()["results"]
    assert len({result["id"] for result in results}) == len(results)
    assert all(result.keys() == {"status", "id", "created_at"} and result["status"] == 201 for result in results)


@then(parsers.re(r'the signal at place (?P<place>\d+) is refused as "(?P<code>\w+)"'))
def refused_at(conversation: Conversation, place: str, code: str) -> None:
    check_published(conversation.answer, BATCH)
    check_item(conversation.answer.json()["results"][int(place)], code)


@then(parsers.parse('the batch is refused as "{code}"'))
def batch_refused(conversation: Conversation, code: str) -> None:
    check_refusal(conversation.answer, code, BATCH)


@then(parsers.parse('each signal of it is refused as "{code}"'))
def each_refused(conversation: Conversation, code: str) -> None:
    for result in conversation.answer.json()["results"]:
        check_item(result, code)


@then("it is answered as the first time")
def answered_as_first(conversation: Conversation) -> None:
    assert conversation.answer.status == conversation.answers[0].status
    assert conversation.answer.body == conversation.answers[0].body


@then(parsers.parse("it tells that {count:d} signals pass at once"))
def tells_at_once(conversation: Conversation, count: int) -> None:
    assert conversation.answer.json()["at_once"] == count


@given("the answers to commits are lost once")
def commits_lost(inside: Deployment) -> None:
    inside.lose_commits(1)
