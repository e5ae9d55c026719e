"""Producers with keys of their own: what the operator does about them, and what becomes of their signals."""

import itertools
import os
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, datetime, timedelta

from pytest_bdd import given, parsers, then, when
from typer.testing import Result

from service.notation.sealing_keys import new_sealing_key
from tests.observing.contract import check_created, check_refusal
from tests.observing.log import Log
from tests.observing.storage import Storage
from tests.running.deployment import SECRET, Deployment
from tests.running.dumps import dumped
from tests.running.operator import SEALING_KEY, Operator
from tests.running.service_process import limited
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer

_NAMES = (f"own-{os.getpid()}-{number}" for number in itertools.count(1))


def unused_name() -> str:
    """A name that no other scenario uses."""
    return next(_NAMES)


@given("producers have keys of their own")
def keys_of_their_own(inside: Deployment) -> None:
    inside.demand_signing(True)
    inside.configure(SIGNALS_SEALING_KEYS=SEALING_KEY)


@given("producers have keys of their own and no secret is shared")
def no_shared_secret(inside: Deployment) -> None:
    keys_of_their_own(inside)
    inside.configure(HMAC_PRODUCER_SECRET="")


@given("the service has a database of its own")
def database_of_its_own(inside: Deployment) -> None:
    inside.configure(**limited(answer_seconds=1))
    inside.start_own()


@given("the operator has registered the producer")
def registered(producer: Producer, operator: Operator) -> None:
    producer.name = unused_name()
    producer.secret = operator.add_key("producers", "add", producer.name)


@given("the producer is not registered")
def not_registered(producer: Producer) -> None:
    producer.name = unused_name()


@given("the producer signs with the secret that is shared")
def signs_with_the_shared_secret(producer: Producer) -> None:
    producer.secret = SECRET


@given("the producer signs with a secret of its own invention")
def signs_with_an_invention(producer: Producer) -> None:
    producer.secret = b"a-secret-that-nobody-else-knows-of-at-all"


@given("the producer signs with the key of another producer")
def signs_with_the_key_of_another(producer: Producer, operator: Operator) -> None:
    producer.secret = operator.add_key("producers", "add", unused_name())


@given("the operator has made a second key for it")
def second_key(producer: Producer, operator: Operator) -> None:
    operator.add_key("keys", "add", producer.name)


@given(parsers.re(r"the operator has (?P<verb>disabled|enabled) the producer"))
def disabled_or_enabled(producer: Producer, operator: Operator, verb: str) -> None:
    operator.told("producers", verb.removesuffix("d"), producer.name)


@given("the operator has revoked its key")
def revoked(producer: Producer, operator: Operator) -> None:
    operator.told("keys", "revoke", operator.keys[producer.name][0])


@given("the operator has retired its key at once")
def retired_at_once(producer: Producer, operator: Operator) -> None:
    operator.told("keys", "retire", operator.keys[producer.name][0], "--in", "0s")


@given(parsers.parse("the operator has retired its key in {minutes:d} minutes"))
def retired_later(producer: Producer, operator: Operator, minutes: int) -> None:
    operator.told("keys", "retire", operator.keys[producer.name][0], "--in", f"{minutes}m")


@given(parsers.parse("{minutes:d} minutes have passed"))
def minutes_passed(inside: Deployment, minutes: int) -> None:
    inside.show_time(datetime.now(UTC) + timedelta(minutes=minutes))


@given("the clock of the service is right")
def clock_is_right(inside: Deployment) -> None:
    inside.show_time(datetime.now(UTC))


@given(parsers.parse("the operator has made {count:d} more keys for it"))
def more_keys(producer: Producer, operator: Operator, count: int) -> None:
    for _ in range(count):
        operator.add_key("keys", "add", producer.name)


@given("somebody has moved its key to a producer that has none")
def moved(producer: Producer, operator: Operator, inside: Deployment) -> None:
    other = next(_NAMES)
    inside.database.execute("INSERT INTO producers (name) VALUES ($1)", other)
    inside.database.execute("UPDATE producer_keys SET producer = $1 WHERE producer = $2", other, producer.name)
    operator.told("producers", "enable", other)  # returns when every process knows
    producer.name = other


@given("the sealing key was turned, and all keys were sealed anew")
def sealing_key_turned(operator: Operator) -> None:
    operator.sealing_keys = f"{new_sealing_key()},{SEALING_KEY}"
    assert operator.told("keys", "reseal")["resealed"] > 0


@when(parsers.parse('the operator adds the producer "{name}"'), target_fixture="told")
@given(parsers.parse('the operator has added the producer "{name}"'), target_fixture="told")
def add_producer(inside: Deployment, operator: Operator, name: str) -> Result:
    assert inside.running
    return operator.run("producers", "add", name)


@when("the operator makes one more key for it", target_fixture="told")
def one_more_key(producer: Producer, operator: Operator) -> Result:
    return operator.run("keys", "add", producer.name)


@when("the operator lists its keys", target_fixture="told")
def list_keys(producer: Producer, operator: Operator) -> Result:
    return operator.run("keys", "list", producer.name)


@when(parsers.re(r'the operator adds a producer under the sealing keys "(?P<keys>.*)"'), target_fixture="told")
def add_under(inside: Deployment, operator: Operator, keys: str) -> Result:
    assert inside.running
    operator.sealing_keys = keys
    return operator.run("producers", "add", unused_name())


@when("the producer sends a signal with each of its keys")
def send_with_each(producer: Producer, operator: Operator) -> None:
    producer.send()
    producer.secret = operator.add_key("keys", "add", producer.name)
    producer.fresh().send()


@when("somebody makes a dump of the database", target_fixture="dump")
def dump(inside: Deployment) -> bytes:
    return dumped(inside.database.url)


@then("the dump tells of the producer, and of no secret")
def dump_tells_no_secret(dump: bytes, producer: Producer, operator: Operator) -> None:
    assert producer.name.encode() in dump
    for secret in [*operator.secrets, SEALING_KEY.encode()]:
        for form in (secret, secret.hex().encode(), b64encode(secret), urlsafe_b64decode(secret + b"=").hex().encode()):
            assert form not in dump


@then("the operator is shown a key and its secret")
def shown_a_secret(told: Result) -> None:
    name, secret = told.stdout.splitlines()
    assert name.startswith("SIGNALS_PRODUCER_ID=")
    assert len(secret) > len("HMAC_PRODUCER_SECRET=") + 40


@then("the operator is shown no secret")
def shown_no_secret(told: Result) -> None:
    assert told.exit_code == 0
    assert told.stdout == ""


@then(parsers.parse('the operator is told "{words}"'))
def operator_is_told(told: Result, words: str) -> None:
    assert words in told.output


@then(parsers.parse('the operator is not told "{words}"'))
def operator_is_not_told(told: Result, words: str) -> None:
    assert words not in told.output


@then(parsers.parse("the command ends with {code:d}"))
def command_ends(told: Result, code: int) -> None:
    assert told.exit_code == code


@then(parsers.parse('the list says that they are "{states}"'))
def list_says(told: Result, states: str) -> None:
    assert [line.split("\t")[1] for line in told.stdout.splitlines()] == states.split(", ")


@then("the stored signal says by which key it was proven")
def stored_key(storage: Storage, producer: Producer, operator: Operator) -> None:
    assert [str(storage.row()["key_id"])] == operator.keys[producer.name]


@then("the stored signal names no key")
def no_stored_key(storage: Storage) -> None:
    assert storage.row()["key_id"] is None


@then("the audit trail names the key")
def audit_trail_names_key(log: Log, producer: Producer, operator: Operator) -> None:
    [line] = [line for line in log.lines() if line["message"] == "hmac_validation"]
    assert [line["key_id"]] == operator.keys[producer.name]


@then("the answer is that of a stranger")
def answer_of_a_stranger(conversation: Conversation) -> None:
    check_refusal(conversation.answer, "signature_mismatch")
    answer = conversation.answer
    assert answer.json().keys() - {"hint"} == {
        "code",
        "detail",
        "request_id",
        "server_time",
        "skew_seconds",
        "body_bytes",
        "body_sha256",
    }
    assert not [name for name in answer.headers if "ratelimit" in name.lower()]


@then("all of them are accepted, each by its own key")
def accepted_by_own_keys(conversation: Conversation, storage: Storage, producer: Producer, operator: Operator) -> None:
    proven = []
    for answer in conversation.answers:
        check_created(answer)
        proven.append(str(storage.row_of(answer.json()["id"])["key_id"]))
    assert proven == operator.keys[producer.name]


@then(parsers.parse('all of them are refused as "{code}"'))
def all_refused(conversation: Conversation, code: str) -> None:
    for answer in conversation.answers:
        check_refusal(answer, code)
