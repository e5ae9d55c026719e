"""What the service answers."""

import re
from uuid import UUID

from pytest_bdd import parsers, then

from tests.observing.contract import check_created, check_json, check_refusal, fields_at_fault, utc_time
from tests.speaking.conversation import Conversation


@then("it is accepted")
def accepted(conversation: Conversation) -> None:
    check_created(conversation.answer)


@then(parsers.parse("it is answered with {status:d}"))
def answered_with(conversation: Conversation, status: int) -> None:
    assert conversation.answer.status == status


@then(parsers.parse('it is refused as "{code}"'))
def refused(conversation: Conversation, code: str) -> None:
    check_refusal(conversation.answer, code)


@then(parsers.parse('the fault lies in "{field}"'))
@then(parsers.parse('the faults lie in "{field}"'))
def fault_lies_in(conversation: Conversation, field: str) -> None:
    assert fields_at_fault(conversation.answer) == field.split(", ")


@then("the fault lies in the body")
def fault_lies_in_the_body(conversation: Conversation) -> None:
    assert fields_at_fault(conversation.answer) == ["body"]


@then(parsers.parse('the fault is of the type "{kind}"'))
def fault_type(conversation: Conversation, kind: str) -> None:
    assert [fault["type"] for fault in conversation.answer.json()["detail"]] == [kind]


@then(parsers.parse('the fault is explained with "{words}"'))
def fault_explained(conversation: Conversation, words: str) -> None:
    [fault] = conversation.answer.json()["detail"]
    assert words in fault["msg"]


@then(parsers.parse('the detail says "{word}"'))
def detail_says(conversation: Conversation, word: str) -> None:
    assert word in conversation.answer.json()["detail"]


@then(parsers.parse('the detail is "{detail}"'))
def detail_is(conversation: Conversation, detail: str) -> None:
    assert conversation.answer.json()["detail"] == detail


@then(parsers.parse("the refusal names exactly the headers {names}"))
def names_headers(conversation: Conversation, names: str) -> None:
    named = re.findall(r"X-[\w-]+", conversation.answer.json()["detail"])
    assert sorted(named) == sorted(names.split(", "))


@then(parsers.parse('the answer does not contain "{text}"'))
def answer_does_not_contain(conversation: Conversation, text: str) -> None:
    assert text not in conversation.answer.body.decode()
    assert text not in str(conversation.answer.headers)


@then(parsers.parse("the answer holds exactly the fields {names}"))
def answer_holds(conversation: Conversation, names: str) -> None:
    assert set(conversation.answer.json()) == set(names.split(", "))


@then("the answer is JSON with its length declared")
def answer_is_json(conversation: Conversation) -> None:
    check_json(conversation.answer)


@then("the id is a UUID of version 7")
def id_is_uuid(conversation: Conversation) -> None:
    identifier = UUID(conversation.answer.json()["id"])
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")


@then("its id is greater than the one before")
def id_is_greater(conversation: Conversation) -> None:
    before, after = (answer.json()["id"] for answer in conversation.answers)
    assert after > before


@then(parsers.parse("the status in the answer is {status:d}"))
def status_is(conversation: Conversation, status: int) -> None:
    assert conversation.answer.json()["status"] == status


@then("the creation time in the answer is ISO 8601 in UTC")
def creation_time_is_utc(conversation: Conversation) -> None:
    utc_time(conversation.answer.json()["created_at"])


@then("the connection is closed")
def connection_closed(conversation: Conversation) -> None:
    assert conversation.answer.headers["Connection"] == "close"


@then(parsers.parse('the answer allows exactly "{methods}"'))
def answer_allows(conversation: Conversation, methods: str) -> None:
    assert set(conversation.answer.headers["Allow"].split(", ")) == set(methods.split(", "))


@then("the answer says how to prove oneself")
def answer_says_how(conversation: Conversation) -> None:
    assert conversation.answer.headers["WWW-Authenticate"]


@then("it says when to come again")
def says_when(conversation: Conversation) -> None:
    assert int(conversation.answer.headers["Retry-After"]) > 0


@then(parsers.re(r'the request id in the answer is "(?P<identifier>.*)"'))
def request_id_is(conversation: Conversation, identifier: str) -> None:
    assert conversation.answer.request_id == identifier


@then("the request id in the answer is a new one")
def request_id_is_new(conversation: Conversation) -> None:
    assert UUID(conversation.answer.request_id).version in {4, 7}


@then("the two answers have different request ids")
def request_ids_differ(conversation: Conversation) -> None:
    assert len({answer.request_id for answer in conversation.answers}) == 2
