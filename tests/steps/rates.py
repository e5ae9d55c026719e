"""Producers that have a rate: what they may send, and what they are told of it."""

import re
import time
from typing import Any

from pytest_bdd import given, parsers, then, when

from service.notation.rate import Rate
from service.rates.fields import LIMIT, POLICY
from tests.observing.contract import check_created, check_refusal
from tests.running.deployment import Deployment
from tests.running.operator import Operator
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer
from tests.steps.keys import registered, unused_name

ABOUT = 60
"""So many seconds a test may have taken until then."""


@given(parsers.parse('the operator has registered the producer with the rate "{rate}"'))
def registered_with_rate(producer: Producer, operator: Operator, rate: str) -> None:
    producer.name = unused_name()
    producer.secret = operator.add_key("producers", "add", "--rate", rate, producer.name)


@given(parsers.parse('the operator has set its rate to "{rate}"'))
def rate_set(producer: Producer, operator: Operator, rate: str) -> None:
    operator.told("producers", "set", producer.name, "--rate", rate)


@given(parsers.parse('producers may send "{rate}" unless they have a rate of their own'))
def rate_of_all(inside: Deployment, rate: str) -> None:
    inside.configure(SIGNALS_PRODUCER_RATE=rate)


@given("the producer has sent signals until one was refused")
def sent_until_refused(producer: Producer, conversation: Conversation) -> None:
    producer.send()
    while conversation.answer.status == 201:
        producer.fresh().send()
    check_refusal(conversation.answer, "rate_limited")


@given("another producer has sent signals until one was refused")
def another_sent_until_refused(producer: Producer, operator: Operator, conversation: Conversation) -> None:
    registered(producer, operator)
    sent_until_refused(producer, conversation)


@given(parsers.parse("a stranger has sent {count:d} signals in the name of the producer"))
def stranger_sent(producer: Producer, conversation: Conversation, count: int) -> None:
    for _ in range(count):
        stranger = producer.fresh()
        stranger.secret = b"what a stranger takes for the secret of a producer"
        stranger.send()
        check_refusal(conversation.answer, "signature_mismatch")


@given("the producer has waited as long as it was told")
def waited_as_told(conversation: Conversation) -> None:
    time.sleep(int(conversation.answer.headers["Retry-After"]))


@when("the operator looks at the limits", target_fixture="usage")
def look_at_limits(operator: Operator) -> Any:
    return operator.told("limits")


@then(parsers.parse('as many of them are accepted as the rate "{text}" allows'))
def as_many_accepted(conversation: Conversation, text: str) -> None:
    accepted = [answer for answer in conversation.answers if answer.status == 201]
    for answer in accepted:
        check_created(answer)
    rate = Rate.parse(text)
    assert rate.depth <= len(accepted) <= rate.depth + max(a.seconds for a in conversation.answers) / rate.each_seconds


@then(parsers.parse('the others are refused as "{code}"'))
def others_refused(conversation: Conversation, code: str) -> None:
    others = [answer for answer in conversation.answers if answer.status != 201]
    assert others
    for answer in others:
        check_refusal(answer, code)


@then(parsers.parse("it says to come again in about {seconds:d} seconds"))
def come_again_in_about(conversation: Conversation, seconds: int) -> None:
    assert seconds - ABOUT <= int(conversation.answer.headers["Retry-After"]) <= seconds


@then(parsers.re(r"it tells of (?P<quota>\d+) signals? in (?P<window>\d+) seconds?"))
def tells_of_rate(conversation: Conversation, quota: str, window: str) -> None:
    assert conversation.answer.headers[POLICY] == f'"producer";q={quota};w={window}'
    assert re.fullmatch(r'"producer";r=\d+;t=\d+', conversation.answer.headers[LIMIT])


@then(parsers.parse("it tells that nothing is left for about {seconds:d} seconds"))
def tells_nothing_left(conversation: Conversation, seconds: int) -> None:
    [left, until] = map(int, re.findall(r"=(\d+)", conversation.answer.headers[LIMIT]))
    assert left == 0
    assert seconds - ABOUT <= until <= int(conversation.answer.headers["Retry-After"])


@then("it tells of no rate")
def tells_of_no_rate(conversation: Conversation) -> None:
    assert not {POLICY, LIMIT} & conversation.answer.headers.keys()


@then(parsers.parse('the operator is shown the producer with "{rate}" and {count:d} signals in 10 seconds'))
def shown_usage(usage: Any, producer: Producer, rate: str, count: int) -> None:
    assert {"name": producer.name, "rate": rate, "used_10s": count} in usage["producers"]
