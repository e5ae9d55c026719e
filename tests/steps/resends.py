"""A request that is sent again."""

from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from tests.running.reachable import Reachable
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer, time_text
from tests.steps.words import one_of

DIFFERENTLY = ("with a later timestamp", "as another producer", "with one more space")


@when("the producer sends the very same request again")
@given("the producer has sent the very same request again")
def resend(conversation: Conversation) -> None:
    conversation.send(conversation.exchange.request)


@when("the producer sends the same signal as a new request")
def send_anew(producer: Producer) -> None:
    producer.send()


@when("the producer sends the very same request again with another request id")
def resend_with_request_id(conversation: Conversation) -> None:
    conversation.send(conversation.exchange.request.setting("X-Request-Id", b"another-request-id"))


@when(parsers.re(rf"the producer sends the same signal again (?P<differently>{one_of(DIFFERENTLY)})"))
def resend_differently(producer: Producer, deployment: Reachable, differently: str) -> None:
    body = producer.body()
    producer.timestamp = time_text(deployment.now() + timedelta(seconds="later" in differently))
    producer.name += "-2" * ("producer" in differently)
    producer.send(body + b" " * ("space" in differently))


@then("it is answered with the first answer, byte for byte")
def first_answer_again(conversation: Conversation) -> None:
    assert conversation.answer.status == 201
    assert conversation.answer.body == conversation.answers[0].body


@then("it is marked as replayed")
def marked_as_replayed(conversation: Conversation) -> None:
    assert conversation.answer.headers["Idempotent-Replayed"] == "true"


@then("it is not marked as replayed")
def not_marked_as_replayed(conversation: Conversation) -> None:
    assert not conversation.answer.replayed
