"""A producer sends signals: what is in them, and how they are written down."""

import socket
from contextlib import ExitStack
from dataclasses import replace

from pytest_bdd import given, parsers, when

from tests.observing.contract import check_refusal
from tests.running.deployment import Deployment
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import nested, payload_of
from tests.speaking.producer import Producer
from tests.steps.words import one_of

SIGNAL = '{"instrument":"TEST.QA","side":0,"time":"2026-01-31T12:00:00Z","note":"%s"}'

BODIES = {
    "an empty body": b"",
    "a body of spaces": b"   ",
    "a body of null characters": b"\0\0\0\0",
    "a signal with a byte order mark": SIGNAL.encode("utf-8-sig"),
    "a signal in UTF-16": SIGNAL.encode("utf-16"),
    "a signal in UTF-32": SIGNAL.encode("utf-32"),
    "a signal with a null character behind it": SIGNAL.encode() + b"\0",
    "a signal with a raw line break inside a string": SIGNAL.encode() % b"two\nlines",
    "a signal with a Latin-1 letter": SIGNAL.encode() % b"\xe9",
    "a signal with an overlong character": SIGNAL.encode() % b"\xc0\xaf",
    "a signal with half a character": SIGNAL.encode() % b"\xe6\xb5",
    "a signal with a surrogate in UTF-8": SIGNAL.encode() % b"\xed\xa0\x80",
    "a signal with white space around it": b" \t\r\n" + SIGNAL.encode() + b" \t\r\n",
}

NESTS = {
    "lists": ("[", "", "]"),
    "objects": ('{"a":', "1", "}"),
    "lists left open": ("[", "", ""),
    "objects left open": ('{"a":', "", ""),
}


@when("the producer sends a signal")
@given("the producer has sent a signal")
def send(producer: Producer) -> None:
    producer.send()


@when("the producer sends a signal with only an instrument, a side and a time")
def send_smallest(producer: Producer) -> None:
    send_without_field(producer, "payload")


@given(parsers.parse('the producer has been refused as "{code}"'))
def has_been_refused(producer: Producer, conversation: Conversation, code: str) -> None:
    producer.send()
    check_refusal(conversation.answer, code)


@when("the producer sends another signal")
def send_another(producer: Producer) -> None:
    producer.fresh().send()


@when(parsers.re(r'the producer sends a signal for "(?P<instrument>.*)"'))
@given(parsers.re(r'the producer has sent a signal for "(?P<instrument>.*)"'))
def send_for(producer: Producer, instrument: str) -> None:
    producer.set_text("instrument", instrument)
    producer.send()


@when(parsers.re(r'the producer sends a signal for "(?P<instrument>.*)" with the side (?P<side>.*)'))
def send_for_with_side(producer: Producer, instrument: str, side: str) -> None:
    producer.fields["side"] = side
    send_for(producer, instrument)


@when(parsers.re(r'the producer sends a signal dated "(?P<time>.*)"'))
@given(parsers.re(r'the producer has sent a signal dated "(?P<time>.*)"'))
def send_dated(producer: Producer, time: str) -> None:
    producer.set_text("time", time)
    producer.send()


@when(parsers.re(r"the producer sends a signal with the (?P<field>instrument|side|time|payload|version) (?P<value>.*)"))
@given(parsers.re(r"the producer has sent a signal with the (?P<field>payload) (?P<value>.*)"))
def send_with_value(producer: Producer, field: str, value: str) -> None:
    producer.fields[field] = value
    producer.send()


@when(parsers.re(r"the producer sends a signal without the (?P<field>instrument|side|time|payload|version)"))
def send_without_field(producer: Producer, field: str) -> None:
    producer.fields.pop(field, None)
    producer.send()


@when(parsers.re(r"the producer sends a signal with the unknown fields (?P<fields>.*)"))
def send_with_unknown_fields(producer: Producer, fields: str) -> None:
    producer.unknown_fields = fields
    producer.send()


@when(parsers.re(r'the producer sends a signal with the unknown field "(?P<name>\w+)" being (?P<value>.*)'))
def send_with_unknown_field(producer: Producer, name: str, value: str) -> None:
    send_with_unknown_fields(producer, f'{{"{name}": {value}}}')


@when("the producer sends this signal:")
def send_this(producer: Producer, docstring: str) -> None:
    producer.send(docstring.encode())


@when(parsers.re(r"the producer sends the (signal|body) (?P<body>.*)"))
def send_body(producer: Producer, body: str) -> None:
    producer.send(body.encode())


@when(parsers.re(rf"the producer sends (?P<what>{one_of(BODIES)})"))
def send_bytes(producer: Producer, what: str) -> None:
    producer.send(BODIES[what])


@when(parsers.re(rf"the producer sends (?P<kind>{one_of(NESTS)}) nested (?P<levels>\d+) levels deep"))
def send_nested(producer: Producer, kind: str, levels: str) -> None:
    opening, core, closing = NESTS[kind]
    producer.fields["payload"] = opening * int(levels) + core + closing * int(levels)
    producer.send()


@when(parsers.parse("the producer sends a signal with a payload nested {levels:d} levels deep"))
def send_payload_nested(producer: Producer, levels: int) -> None:
    producer.fields["payload"] = nested(levels)
    producer.send()


@when(parsers.parse("the producer sends a signal with an integer of {digits:d} digits in its payload"))
def send_long_integer(producer: Producer, digits: int) -> None:
    producer.fields["payload"] = f'{{"n": {"9" * digits}}}'
    producer.send()


@when(parsers.parse("the producer sends a signal with {count:d} times the number {number} in its payload"))
def send_many_numbers(producer: Producer, count: int, number: str) -> None:
    producer.fields["payload"] = f'{{"n": [{",".join([number] * count)}]}}'
    producer.send()


@when(parsers.parse("the producer sends a signal with a payload of {size:d} bytes"))
def send_payload_of(producer: Producer, size: int) -> None:
    producer.fields["payload"] = payload_of(size)
    producer.send()


@when(parsers.re(r"the producer sends a signal with a payload of (?P<size>\d+) bytes of (?P<script>[\w -]+)"))
def send_payload_of_script(producer: Producer, size: str, script: str) -> None:
    producer.fields["payload"] = payload_of(int(size), script)
    producer.send()


@when(parsers.parse("the producer sends a signal with a payload of {size:d} bytes, its length not declared"))
def send_payload_undeclared(producer: Producer, size: int) -> None:
    producer.length_declared = False
    send_payload_of(producer, size)


@when(
    parsers.re(
        r"the producer sends a signal padded to (?P<size>\d+) bytes, its length (?P<length>declared|not declared)"
    )
)
def send_padded(producer: Producer, size: str, length: str) -> None:
    producer.padded_size = int(size)
    producer.length_declared = length == "declared"
    producer.send()


@when(parsers.parse("the producer announces a signal of {size:d} bytes and sends none of them"))
def announce(producer: Producer, conversation: Conversation, size: int) -> None:
    conversation.send_misdeclared(producer.request(b""), size)


@when(parsers.parse("the producer sends a signal and declares only its first {size:d} bytes"))
def send_underdeclared(producer: Producer, conversation: Conversation, size: int) -> None:
    body = producer.body()
    conversation.send_misdeclared(replace(producer.request(body[:size]), body=body), size)


@when(parsers.parse("the producer announces a signal of {size:d} bytes and sends fewer"))
def send_overdeclared(producer: Producer, conversation: Conversation, size: int) -> None:
    conversation.send_misdeclared(producer.request(), size)


@when("the producer sends a signal that two servers could read as two different requests")
def send_ambiguous(producer: Producer, conversation: Conversation) -> None:
    conversation.send_misdeclared(producer.request().adding("Transfer-Encoding", b"chunked"), 10)


@when("the producer sends a signal with an offer to go on in HTTP/2, as Java does")
def send_with_upgrade(producer: Producer, conversation: Conversation) -> None:
    request = producer.request().adding("Connection", b"Upgrade, HTTP2-Settings").adding("Upgrade", b"h2c")
    conversation.send(request.adding("HTTP2-Settings", b"AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"))


@when(parsers.parse("the producer sends a signal with headers of {size:d} bytes"))
def send_long_headers(producer: Producer, conversation: Conversation, size: int) -> None:
    conversation.send(producer.request().adding("X-Note", b"a" * size))


@when("the operator stops the service while the producer is sending a signal")
def send_until_stopped(inside: Deployment, producer: Producer, conversation: Conversation) -> None:
    inside.start_own()
    conversation.send_interrupted(producer.request(), inside.service.tell_to_stop)


@when(parsers.re(r'the producer sends a signal as "(?P<content_type>.*)"'))
def send_as(producer: Producer, content_type: str) -> None:
    producer.content_type = content_type
    producer.send()


@when("the producer sends a signal without a content type")
def send_without_content_type(producer: Producer) -> None:
    producer.content_type = None
    producer.send()


@when("the producer sends a signal with its content type given twice")
def send_with_content_type_twice(producer: Producer, conversation: Conversation) -> None:
    conversation.send(producer.request().adding("Content-Type", b"application/json"))


@when(parsers.re(r'the producer sends a signal with the Content-Encoding "(?P<coding>.*)"'))
def send_coded(producer: Producer, conversation: Conversation, coding: str) -> None:
    conversation.send(producer.request().adding("Content-Encoding", coding.encode()))


@when(parsers.parse("the producer sends a signal while strangers hold {count:d} connections"))
def send_in_a_crowd(inside: Deployment, producer: Producer, conversation: Conversation, count: int) -> None:
    address = "127.0.0.1", inside.service.port
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(address))
        conversation.send_at_once([producer.request()])


@when(parsers.re(r'the producer sends a signal to "(?P<path>.*)"'))
def send_to(producer: Producer, path: str) -> None:
    producer.path = path
    producer.send()
