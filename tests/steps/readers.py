"""Who reads: what the operator lets readers see, what they show, and what they are shown."""

import itertools
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from pytest_bdd import given, parsers, then, when
from typer.testing import Result

from service.readers.tokens import PREFIX
from tests.observing.log import Log
from tests.running import confidential
from tests.running.deployment import Deployment
from tests.running.environment import service_environment
from tests.running.operator import Operator
from tests.running.service_process import SERVE
from tests.running.waiting import DEADLINE_SECONDS
from tests.speaking.conversation import Conversation
from tests.speaking.producer import PRODUCER_ID, Producer
from tests.speaking.reader import FEED, Reader
from tests.steps.words import Table

Signals = dict[str, tuple[str, str]]
"""Producer and instrument of signals, by their ids."""

_NAMES = (f"reader-{os.getpid()}-{number}" for number in itertools.count(1))


@given("readers need a token")
def tokens_needed(inside: Deployment) -> None:
    inside.configure(SIGNALS_READERS="tokens")


@given("anybody may read")
def open_reading(inside: Deployment) -> None:
    inside.configure(SIGNALS_READERS="open")


@given("these signals are stored:", target_fixture="stored")
def stored(conversation: Conversation, producer: Producer, datatable: Table) -> Signals:
    found = {}
    for name, instrument in datatable[1:]:
        sent = producer.fresh()
        sent.set_text("instrument", instrument)
        answer = conversation.send(sent.request().setting(PRODUCER_ID, name.encode()))
        found[answer.json()["id"]] = (name, instrument)
    return found


@given("the operator has let a reader read everything")
def reads_everything(inside: Deployment, operator: Operator, reader: Reader) -> None:
    assert inside.running
    let_read(operator, reader)


@given(parsers.parse('the operator has let a reader read the instruments "{instruments}"'))
def reads_instruments(operator: Operator, reader: Reader, instruments: str) -> None:
    let_read(operator, reader, "--instrument", instruments)


@given(parsers.parse('the operator has let a reader read what "{producer}" sends'))
def reads_producer(operator: Operator, reader: Reader, producer: str) -> None:
    let_read(operator, reader, "--producer", producer)


@given(parsers.parse('the operator has let a reader read the instruments "{instruments}" that "{producer}" sends'))
def reads_both(operator: Operator, reader: Reader, instruments: str, producer: str) -> None:
    let_read(operator, reader, "--instrument", instruments, "--producer", producer)


def let_read(operator: Operator, reader: Reader, *scope: str) -> None:
    """Have the operator make a reader, and give it its token."""
    reader.name = next(_NAMES)
    reader.tokens = [operator.told("readers", "add", reader.name, *scope)["token"]]


@given(parsers.parse("the operator has made another token for it, the one before to end in {minutes:d} minutes"))
def another_token(operator: Operator, reader: Reader, minutes: int) -> None:
    reader.tokens.append(operator.told("readers", "rotate", reader.name, "--in", f"{minutes}m")["token"])


@given("the operator has revoked the reader")
def revoked(operator: Operator, reader: Reader) -> None:
    operator.told("readers", "revoke", reader.name)


@when("the operator makes another token for it", target_fixture="told")
def make_another_token(operator: Operator, reader: Reader) -> Result:
    return operator.run("readers", "rotate", reader.name, "--in", "1h")


@when("the operator starts a service in production that anybody may read", target_fixture="start")
def start_open_in_production(
    inside: Deployment,  # noqa: ARG001  # whose settings these would be
    tmp_path: Path,
) -> "subprocess.CompletedProcess[str]":
    settings = {"APP_ENV": "production", "HMAC_PRODUCER_ENABLED": "false", "SIGNALS_READERS": "open"}
    return subprocess.run(
        [sys.executable, *SERVE, "--port", "0"],
        cwd=tmp_path,
        env=service_environment(settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


@when("the reader reads the feed")
@when("somebody reads the feed without a token")
def read_feed(reader: Reader) -> None:
    reader.read()


@when("somebody reads the feed with a token that nobody made")
def read_with_invention(reader: Reader) -> None:
    reader.read(token=PREFIX + "nobody-has-ever-made-this-token-of-43-signs")


@when("the reader reads the feed with its token in the address")
def read_with_token_in_address(reader: Reader, conversation: Conversation) -> None:
    address = f"{FEED}?access_token={reader.tokens[-1]}"
    conversation.send(reader.request(address).without("Authorization"))


@when("the reader reads the feed with its token in the address too")
def read_with_token_in_address_too(reader: Reader) -> None:
    reader.read(f"{FEED}?access_token={reader.tokens[-1]}")


@when("the reader reads the feed with each of its tokens")
def read_with_each(reader: Reader) -> None:
    for token in reader.tokens:
        reader.read(token=token)


@when("the reader reads the feed with the token before")
def read_with_old(reader: Reader) -> None:
    reader.read(token=reader.tokens[0])


@when(parsers.parse("the reader reads the feed {count:d} times at once"))
def read_at_once(reader: Reader, conversation: Conversation, count: int) -> None:
    conversation.send_at_once([reader.request()] * count)


@when("the reader reads the feed to its end", target_fixture="seen")
def read_to_the_end(reader: Reader) -> list[dict[str, Any]]:
    return reader.read_all()


@when(parsers.parse('the reader asks the feed for the instrument "{instrument}"'), target_fixture="seen")
def ask_for_instrument(reader: Reader, instrument: str) -> list[dict[str, Any]]:
    return reader.read_all(f"&instrument={instrument}")


@when("the reader asks for the stored signal")
def ask_for_signal(reader: Reader, stored: Signals) -> None:
    [signal_id] = stored
    reader.read(f"/api/v1/signals/{signal_id}")


@then("the reader sees the signals:")
def sees(seen: list[dict[str, Any]], stored: Signals, datatable: Table) -> None:
    """The service has signals of other scenarios too."""
    own = [stored[signal["id"]] for signal in seen if signal["id"] in stored]
    assert [list(each) for each in own] == datatable[1:]


@then("the reader sees none of the signals")
def sees_none(seen: list[dict[str, Any]]) -> None:
    assert seen == []


@then("the reader is let in")
@then("somebody is let in")
def let_in(conversation: Conversation) -> None:
    assert conversation.answer.status == 200


@then("the reader is let in each time")
def let_in_each_time(conversation: Conversation, reader: Reader) -> None:
    assert [answer.status for answer in conversation.answers] == [200] * len(reader.tokens)


@then("the dump tells of the reader, and of no token")
def dump_tells_no_token(dump: bytes, reader: Reader) -> None:
    assert reader.name.encode() in dump
    for token in reader.tokens:
        assert sha256(token.encode()).hexdigest().encode() in dump
        assert token.removeprefix(PREFIX).encode() not in dump


@then("the log names the reader")
def log_names_reader(log: Log, reader: Reader) -> None:
    [line] = [line for line in log.lines() if line["message"] == "token_validation"]
    assert line["reader"] == reader.name


@then("the log holds no token")
def log_holds_no_token(log: Log) -> None:
    confidential.check_text(log.text().encode(), "the log")
