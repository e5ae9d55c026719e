"""Requests with one fault or two, by the name of the fault."""

from collections.abc import Callable

from pytest_bdd import parsers, when

from tests.running.deployment import SECRET
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import payload_of
from tests.speaking.producer import Producer
from tests.steps.words import one_of

BODY_BOUND = 6 * 32768 + 4096


def _no_fault(_: Producer) -> None:
    """The request stays as it is."""


def _unknown_path(producer: Producer) -> None:
    producer.path = "/api/v1/orders"


def _other_method(producer: Producer) -> None:
    producer.method = "GET"


def _too_large_a_body(producer: Producer) -> None:
    producer.padded_size = BODY_BOUND + 1


def _other_content_type(producer: Producer) -> None:
    producer.content_type = "text/plain"


def _no_signature(producer: Producer) -> None:
    producer.signs = False


def _wrong_signature(producer: Producer) -> None:
    producer.secret = SECRET[::-1]


def _old_timestamp(producer: Producer) -> None:
    producer.timestamp = "2001-09-09T01:46:40Z"


def _broken_json(producer: Producer) -> None:
    producer.unknown_fields = '{"comment": }'


def _wrong_fields(producer: Producer) -> None:
    producer.fields["side"] = "7"


def _too_large_a_payload(producer: Producer) -> None:
    producer.fields["payload"] = payload_of(32769)


FAULTS: dict[str, Callable[[Producer], None]] = {
    "no fault": _no_fault,
    "an unknown path": _unknown_path,
    "another method": _other_method,
    "too large a body": _too_large_a_body,
    "another content type": _other_content_type,
    "no signature": _no_signature,
    "a wrong signature": _wrong_signature,
    "too old a timestamp": _old_timestamp,
    "broken JSON": _broken_json,
    "wrong fields": _wrong_fields,
    "too large a payload": _too_large_a_payload,
}


@when(parsers.re(rf"a request arrives with (?P<fault>{one_of(FAULTS)})"))
def arrives_with(producer: Producer, fault: str) -> None:
    FAULTS[fault](producer)
    producer.send()


@when(parsers.re(rf"a request arrives with (?P<one>{one_of(FAULTS)}) and (?P<other>{one_of(FAULTS)})"))
def arrives_with_two(producer: Producer, one: str, other: str) -> None:
    FAULTS[one](producer)
    FAULTS[other](producer)
    producer.send()


@when(parsers.re(rf'a request with the request id "(?P<identifier>.*)" arrives with (?P<fault>{one_of(FAULTS)})'))
def arrives_with_request_id(producer: Producer, conversation: Conversation, identifier: str, fault: str) -> None:
    FAULTS[fault](producer)
    conversation.send(producer.request().setting("X-Request-Id", identifier.encode()))
