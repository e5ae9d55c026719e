"""Who sends, and how it is proven: the signing headers, right and wrong."""

import hashlib
import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pytest_bdd import given, parsers, when

from tests.running.deployment import SECRET
from tests.running.reachable import Reachable
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Request
from tests.speaking.producer import PRODUCER_ID, SIGNATURE, TIMESTAMP, Producer, Seal, compute_mac, time_text
from tests.steps.words import one_of

NAME = r"X-[A-Za-z-]+"
NAMES = rf"{NAME}(?:, {NAME})*"

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

PLUS_TWO = timezone(timedelta(hours=2))

Parts = tuple[bytes, bytes, bytes]
"""What is signed: the body, the timestamp and the producer id."""


def other_time(timestamp: bytes, seconds: int) -> bytes:
    """The timestamp so many seconds later."""
    return time_text(datetime.fromisoformat(timestamp.decode()) + timedelta(seconds=seconds)).encode()


def same_time_elsewhere(timestamp: bytes) -> bytes:
    """The same instant as people two hours further east write it."""
    return datetime.fromisoformat(timestamp.decode()).astimezone(PLUS_TWO).isoformat().encode()


def decoded_secret() -> bytes:
    """The secret as those read it who take it for base64; skips the scenario when it cannot be read so."""
    try:
        return urlsafe_b64decode(SECRET)
    except ValueError:
        pytest.skip("the secret of the deployment is not base64")


def unix_time(timestamp: bytes) -> bytes:
    """The timestamp in whole seconds since 1970."""
    return str(int(datetime.fromisoformat(timestamp.decode()).timestamp())).encode()


RIGHTLY = "with its own secret"

WAYS_TO_SIGN: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    RIGHTLY: lambda body, time, name: compute_mac(SECRET, body, time, name),
    "with another secret": lambda body, time, name: compute_mac(SECRET[::-1], body, time, name),
    "with the secret in lower case": lambda body, time, name: compute_mac(SECRET.lower(), body, time, name),
    "with no secret": lambda body, time, name: compute_mac(b"", body, time, name),
    "over another side": lambda body, time, name: compute_mac(
        SECRET, body.replace(b'"side": 0', b'"side": 1'), time, name
    ),
    "over the same JSON with other spacing": lambda body, time, name: compute_mac(
        SECRET, body.replace(b": ", b":"), time, name
    ),
    "over the same JSON in another order": lambda body, time, name: compute_mac(
        SECRET, b"{" + b", ".join(reversed(body.strip(b"{}").split(b", "))) + b"}", time, name
    ),
    "over a body with one more line break": lambda body, time, name: compute_mac(SECRET, body + b"\n", time, name),
    "over a body with a NUL byte behind it": lambda body, time, name: compute_mac(SECRET, body + b"\0", time, name),
    "over the same JSON indented": lambda body, time, name: compute_mac(
        SECRET, json.dumps(json.loads(body), indent=2).encode(), time, name
    ),
    "over an empty body": lambda _, time, name: compute_mac(SECRET, time, name),
    "for another producer id": lambda body, time, _: compute_mac(SECRET, body, time, b"mt5-gold-2"),
    "for its producer id in another case": lambda body, time, name: compute_mac(SECRET, body, time, name.upper()),
    "over a timestamp one second later": lambda body, time, name: compute_mac(SECRET, body, other_time(time, 1), name),
    "over the same instant written differently": lambda body, time, name: compute_mac(
        SECRET, body, same_time_elsewhere(time), name
    ),
    "over the body alone": lambda body, _time, _name: compute_mac(SECRET, body),
    "over the timestamp before the body": lambda body, time, name: compute_mac(SECRET, time, body, name),
    "over the parts with dots between": lambda body, time, name: compute_mac(SECRET, body, b".", time, b".", name),
    "over the parts with bars between": lambda body, time, name: compute_mac(SECRET, body, b"|", time, b"|", name),
    "over the parts and a line break": lambda body, time, name: compute_mac(SECRET, body, time, name, b"\n"),
    "over the parts in UTF-16": lambda body, time, name: compute_mac(
        SECRET, (body + time + name).decode().encode("utf-16-le")
    ),
    "over the body and the timestamp": lambda body, time, _name: compute_mac(SECRET, body, time),
    "over the same JSON without spaces": lambda body, time, name: compute_mac(
        SECRET, body.replace(b": ", b":").replace(b", ", b","), time, name
    ),
    "over its timestamp as Unix seconds": lambda body, time, name: compute_mac(SECRET, body, unix_time(time), name),
    "with its secret and a line break": lambda body, time, name: compute_mac(SECRET + b"\n", body, time, name),
    "with its secret in quotes": lambda body, time, name: compute_mac(b'"' + SECRET + b'"', body, time, name),
    "with its secret decoded from base64": lambda body, time, name: compute_mac(decoded_secret(), body, time, name),
    "with SHA-256 without a key": lambda body, time, name: hashlib.sha256(SECRET + body + time + name).digest(),
    "with HMAC-SHA512": lambda body, time, name: compute_mac(SECRET, body, time, name, digest="sha512")[:32],
}

CHANGES: dict[str, Callable[[Request], Request]] = {
    "its side turned": lambda r: replace(r, body=(r.body or b"").replace(b'"side": 0', b'"side": 1')),
    "a space added to its body": lambda r: replace(r, body=(r.body or b"") + b" "),
    "its last byte cut off": lambda r: replace(r, body=(r.body or b"")[:-1]),
    "the name of another producer": lambda r: r.setting(PRODUCER_ID, b"mt5-gold-2"),
    "a timestamp one second younger": lambda r: r.setting(TIMESTAMP, other_time(r.header(TIMESTAMP), 1)),
    "one letter of its signature changed": lambda r: r.setting(SIGNATURE, first_letter_changed(r.header(SIGNATURE))),
}


def first_letter_changed(signature: bytes) -> bytes:
    """A signature that differs in its first letter."""
    return (b"B" if signature.startswith(b"A") else b"A") + signature[1:]


SHIFTS: dict[str, Callable[[bytes, bytes, bytes], Parts]] = {
    "the minutes of its zone moved to the producer id": lambda body, time, name: (body, time[:-3], time[-3:] + name),
    "the first letter of the producer id moved to the zone": lambda body, time, name: (
        body,
        time + name[:1],
        name[1:],
    ),
    "the first digit of the timestamp moved to the body": lambda body, time, name: (body + time[:1], time[1:], name),
    "the last brace of the body moved to the timestamp": lambda body, time, name: (body[:-1], b"}" + time, name),
}

WAYS_TO_WRITE: dict[str, Callable[[bytes], bytes]] = {
    "in the URL-safe alphabet": urlsafe_b64encode,
    "without padding": lambda mac: b64encode(mac).rstrip(b"="),
    "with more padding": lambda mac: b64encode(mac) + b"=",
    "with its unused bits set": lambda mac: unused_bits_set(b64encode(mac)),
    "in groups divided by spaces": lambda mac: b64encode(mac).replace(b"", b" ", 9).strip(),
    "in quotes": lambda mac: b'"' + b64encode(mac) + b'"',
    'after "sha256="': lambda mac: b"sha256=" + b64encode(mac),
    'after "v1,"': lambda mac: b"v1," + b64encode(mac),
    "with a comma behind": lambda mac: b64encode(mac) + b",",
    "twice": lambda mac: b64encode(mac) * 2,
    "as nothing": lambda _: b"",
    "as words": lambda _: b"not base64",
    "as padding alone": lambda _: b"====",
    "in Latin-1 letters": lambda mac: b64encode(mac)[:-2] + b"\xe9=",
    "in Chinese characters": lambda _: "签名".encode(),
    "with one letter cut off": lambda mac: b64encode(mac)[1:],
    "with one letter changed": lambda mac: first_letter_changed(b64encode(mac)),
    "with its bytes in reverse": lambda mac: b64encode(mac[::-1]),
    "as 32 zero bytes": lambda _: b64encode(bytes(32)),
    "with its last byte cut off": lambda mac: b64encode(mac[:-1]),
    "cut to 16 bytes": lambda mac: b64encode(mac[:16]),
    "with one byte more": lambda mac: b64encode(mac + b"\0"),
    "with its bytes twice": lambda mac: b64encode(mac * 2),
    "as one byte": lambda mac: b64encode(mac[:1]),
    "in hex": lambda mac: mac.hex().encode(),
    "in upper case hex": lambda mac: mac.hex().upper().encode(),
    "in hex with dashes": lambda mac: mac.hex("-").upper().encode(),
}


def unused_bits_set(signature: bytes) -> bytes:
    """Another spelling of the same 32 bytes: the last letter carries two bits that mean nothing."""
    last = ALPHABET[ALPHABET.index(signature[-2:-1]) + 1]
    return signature[:-2] + bytes([last]) + b"="


def needs_both_dialects(signature: bytes) -> bool:
    """Whether the standard and the URL-safe alphabet write this signature differently."""
    return b"+" in signature or b"/" in signature


@given(parsers.re(r'the producer is called "(?P<name>.*)"'))
def called(producer: Producer, name: str) -> None:
    producer.name = name


@when(parsers.re(r'the producer sends a signal stamped "(?P<timestamp>.*)"'))
def send_stamped(producer: Producer, timestamp: str) -> None:
    producer.timestamp = timestamp
    producer.send()


@when(parsers.re(r"the producer sends a signal stamped (?P<seconds>[\d.]+) seconds ago"))
def send_stamped_in_the_past(producer: Producer, deployment: Reachable, seconds: str) -> None:
    send_stamped(producer, time_text(deployment.now() - timedelta(seconds=float(seconds))))


@when(parsers.re(r"the producer sends a signal stamped (?P<seconds>[\d.]+) seconds ahead"))
@given(parsers.re(r"the producer has sent a signal stamped (?P<seconds>[\d.]+) seconds ahead"))
def send_stamped_in_the_future(producer: Producer, deployment: Reachable, seconds: str) -> None:
    send_stamped(producer, time_text(deployment.now() + timedelta(seconds=float(seconds))))


@when(parsers.re(r'the producer sends this signal, stamped "(?P<timestamp>.*)" and signed "(?P<signature>.*)":'))
def send_signed_elsewhere(
    producer: Producer, conversation: Conversation, timestamp: str, signature: str, docstring: str
) -> None:
    seal = Seal(producer.name.encode(), timestamp.encode(), signature.encode())
    conversation.send(seal.put_on(producer.unsigned_request(docstring.encode())))


def signed_otherwise(request: Request, way: str) -> Request:
    """The same request with a signature that was made another way."""
    parts = request.body or b"", request.header(TIMESTAMP), request.header(PRODUCER_ID)
    return request.setting(SIGNATURE, b64encode(WAYS_TO_SIGN[way](*parts)))


@when(parsers.re(rf"the producer sends a signal signed (?P<way>{one_of(WAYS_TO_SIGN)})"))
def send_signed(producer: Producer, conversation: Conversation, way: str) -> None:
    request = producer.request()
    changed = signed_otherwise(request, way)
    if changed.header(SIGNATURE) == request.header(SIGNATURE) and way != RIGHTLY:
        pytest.skip(f"with this secret a signature {way} is a right one")
    conversation.send(changed)


@when(parsers.re(rf"(?P<count>\d+) signals are sent at once, signed (?P<way>{one_of(WAYS_TO_SIGN)})"))
def send_signed_at_once(producer: Producer, conversation: Conversation, count: str, way: str) -> None:
    conversation.send_at_once([signed_otherwise(producer.fresh().request(), way) for _ in range(int(count))])


@when(parsers.re(rf"a signed request arrives with (?P<change>{one_of(CHANGES)})"))
def send_changed(producer: Producer, conversation: Conversation, change: str) -> None:
    conversation.send(CHANGES[change](producer.request()))


@when(parsers.re(rf"a signed request arrives with (?P<shift>{one_of(SHIFTS)})"))
def send_shifted(producer: Producer, conversation: Conversation, shift: str) -> None:
    producer.timestamp = datetime.now(UTC).isoformat()
    seal = producer.seal(producer.body())
    body, timestamp, producer_id = SHIFTS[shift](producer.body(), seal.timestamp, seal.producer_id)
    shifted = Seal(producer_id, timestamp, seal.signature)
    conversation.send(shifted.put_on(producer.unsigned_request(body)))


@when(parsers.re(r"the producer sends a signal whose signature contains a (?P<name>plus|slash)"))
def send_with_character(producer: Producer, conversation: Conversation, name: str) -> None:
    character = {"plus": b"+", "slash": b"/"}[name]
    conversation.send(producer.request_signed_such_that(lambda signature: character in signature))


@when(parsers.re(rf"the producer sends a signal whose signature is written (?P<so>{one_of(WAYS_TO_WRITE)})"))
def send_written(producer: Producer, conversation: Conversation, so: str) -> None:
    request = producer.request_signed_such_that(needs_both_dialects)
    signature = WAYS_TO_WRITE[so](b64decode(request.header(SIGNATURE)))
    conversation.send(request.setting(SIGNATURE, signature))


@when(parsers.re(rf"the producer sends a signal with only the headers (?P<names>none|{NAMES})"))
def send_with_headers(producer: Producer, conversation: Conversation, names: str) -> None:
    unwanted = {PRODUCER_ID, TIMESTAMP, SIGNATURE} - set(names.split(", "))
    conversation.send(sealed_request(producer).without(*unwanted))


@when(parsers.re(rf"the producer sends a signal without (?P<names>{NAMES})"))
def send_without_headers(producer: Producer, conversation: Conversation, names: str) -> None:
    conversation.send(producer.request().without(*names.split(", ")))


@when(parsers.re(rf'the producer sends a signal with the (?P<name>{NAME}) "(?P<value>.*)"'))
def send_with_header(producer: Producer, conversation: Conversation, name: str, value: str) -> None:
    conversation.send(producer.request().setting(name, value.encode()))


@when(parsers.re(rf'the producer sends a signal without (?P<names>{NAMES}), with the (?P<name>{NAME}) "(?P<value>.*)"'))
def send_without_and_with_header(
    producer: Producer, conversation: Conversation, names: str, name: str, value: str
) -> None:
    request = producer.request().without(*names.split(", "))
    conversation.send(request.setting(name, value.encode()))


@when(parsers.re(rf"the producer sends a signal with (?P<name>{NAME}) given twice"))
def send_with_header_twice(producer: Producer, conversation: Conversation, name: str) -> None:
    request = sealed_request(producer)
    conversation.send(request.adding(name, request.header(name)))


@when(parsers.re(rf"the producer sends a signal with (?P<name>{NAME}) given twice, without (?P<names>{NAMES})"))
def send_with_header_twice_without(producer: Producer, conversation: Conversation, name: str, names: str) -> None:
    request = sealed_request(producer)
    conversation.send(request.adding(name, request.header(name)).without(*names.split(", ")))


@when(parsers.re(r'the producer sends a signal with the request id "(?P<identifier>.*)"'))
def send_with_request_id(producer: Producer, conversation: Conversation, identifier: str) -> None:
    send_with_header(producer, conversation, "X-Request-Id", identifier)


def sealed_request(producer: Producer) -> Request:
    """A request with all three signing headers, whether the service demands them or not."""
    body = producer.body()
    return producer.seal(body).put_on(producer.unsigned_request(body))
