"""What a refused proof is told about itself."""

import hashlib

from pytest_bdd import parsers, then

from tests.running import confidential
from tests.speaking.conversation import Conversation


@then("it tells the length of the body that was sent")
def tells_length(conversation: Conversation) -> None:
    assert conversation.answer.json()["body_bytes"] == len(conversation.exchange.request.body or b"")


@then("it tells the SHA-256 of the body that was sent")
def tells_hash(conversation: Conversation) -> None:
    body = conversation.exchange.request.body or b""
    assert conversation.answer.json()["body_sha256"] == hashlib.sha256(body).hexdigest()


@then("it tells nothing of the body")
def tells_nothing_of_the_body(conversation: Conversation) -> None:
    assert not {"body_bytes", "body_sha256"} & conversation.answer.json().keys()


@then(parsers.parse('it tells the time of the service as "{instant}"'))
def tells_time(conversation: Conversation, instant: str) -> None:
    assert conversation.answer.json()["server_time"] == instant


@then(parsers.parse("it tells that the timestamp is ahead by {seconds:d} seconds"))
def tells_skew(conversation: Conversation, seconds: int) -> None:
    assert conversation.answer.json()["skew_seconds"] == seconds


@then("it does not tell how far the clocks are apart")
def tells_no_skew(conversation: Conversation) -> None:
    assert "skew_seconds" not in conversation.answer.json()


@then(parsers.parse('the hint says "{words}"'))
def hint_says(conversation: Conversation, words: str) -> None:
    assert words in conversation.answer.json()["hint"]


@then("there is no hint")
def no_hint(conversation: Conversation) -> None:
    assert "hint" not in conversation.answer.json()


@then(parsers.parse("{count:d} of them are told a hint"))
def so_many_hints(conversation: Conversation, count: int) -> None:
    assert sum("hint" in answer.json() for answer in conversation.answers) == count


@then("the answer holds neither the secret nor any signature")
def answer_holds_no_secret(conversation: Conversation) -> None:
    answer = conversation.answer
    confidential.check_refusal(answer.status, answer.body + str(answer.headers).encode())
