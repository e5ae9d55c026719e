"""What operators and their machines ask: health, readiness, version, and whatever else is tried."""

import subprocess
import sys
from pathlib import Path

from pytest_bdd import parsers, then, when

from tests.observing.contract import check_json
from tests.running.deployment import Deployment
from tests.running.environment import service_environment
from tests.running.service_process import SERVE
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Answer, Request
from tests.steps.words import Table, one_of

READY = "/api/v1/ready"

QUESTIONS = {
    "the health": "/api/v1/health",
    "the readiness": READY,
    "the version": "/api/v1/version",
    "the metrics": "/metrics",
}


@when(parsers.re(rf"the operator asks for (?P<what>{one_of(QUESTIONS)})"))
def ask_for(conversation: Conversation, what: str) -> None:
    conversation.send(Request(path=QUESTIONS[what]))


@when("the operator asks whether the service is ready")
def ask_whether_ready(conversation: Conversation) -> None:
    conversation.send(Request(path=READY))


@when(parsers.parse("{count:d} load balancers ask at once whether the service is ready"))
def many_ask_whether_ready(conversation: Conversation, count: int) -> None:
    conversation.send_at_once([Request(path=READY)] * count)


@when("the operator asks again until the service is ready")
def ask_until_ready(conversation: Conversation) -> None:
    wait_until(lambda: conversation.send(Request(path=READY)).status == 200, "ready")


@when("the operator asks again until the service is not ready")
def ask_until_not_ready(conversation: Conversation) -> None:
    wait_until(lambda: conversation.send(Request(path=READY)).status == 503, "not ready")


@when(parsers.re(r'somebody asks for "(?P<path>.*)"'))
def somebody_asks(conversation: Conversation, path: str) -> None:
    conversation.send(Request(path=path))


@when(parsers.re(r'somebody sends (?P<method>[A-Z]+) to "(?P<path>.*)"'))
def somebody_sends(conversation: Conversation, method: str, path: str) -> None:
    conversation.send(Request(method, path))


@when(parsers.re(r"the operator starts a service with (?P<name>[A-Z_]+)=(?P<value>.*)"), target_fixture="start")
def start_with(
    inside: Deployment,  # noqa: ARG001  # whose settings these would be
    tmp_path: Path,
    name: str,
    value: str,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *SERVE, "--port", "0"],
        cwd=tmp_path,
        env=service_environment({name: value}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


@then(parsers.parse('it does not start because of "{reason}"'))
def does_not_start(start: "subprocess.CompletedProcess[str]", reason: str) -> None:
    assert (start.returncode, start.stdout) == (2, "")
    assert start.stderr.startswith(f"signals: {reason}")
    assert start.stderr.count("\n") == 1


@then("it is ready")
def is_ready(conversation: Conversation) -> None:
    _check_ready(conversation.answer)


@then("each of them is told that it is ready")
def all_are_told_ready(conversation: Conversation) -> None:
    for answer in conversation.answers:
        _check_ready(answer)


def _check_ready(answer: Answer) -> None:
    assert answer.status == 200
    check_json(answer)
    assert answer.json() == {"ready": True, "dependencies": {"db": "connected"}}


@then("it is not ready", target_fixture="reason")
def is_not_ready(conversation: Conversation) -> str:
    assert conversation.answer.status == 503
    check_json(conversation.answer)
    reason: str = conversation.answer.json()["dependencies"]["db"]
    assert conversation.answer.json() == {"ready": False, "dependencies": {"db": reason}}
    assert reason not in {"", "connected"}
    return reason


@then(parsers.parse('it is not ready because of "{word}"'))
def is_not_ready_because(conversation: Conversation, word: str) -> None:
    assert word in is_not_ready(conversation)


@then(parsers.parse('the health is "{health}"'))
def health_is(conversation: Conversation, health: str) -> None:
    check_json(conversation.answer)
    assert conversation.answer.json()["status"] == health


@then("the uptime is told in seconds")
def uptime_told(conversation: Conversation) -> None:
    content = conversation.answer.json()
    assert content.keys() == {"status", "uptime_seconds"}
    assert content["uptime_seconds"] >= 0


@then("the version says:")
def version_says(conversation: Conversation, datatable: Table) -> None:
    content = conversation.answer.json()
    assert content.keys() == {"name", "version", "build", "env"}
    assert {key: content[key] for key, _ in datatable} == dict(datatable)
    assert content["version"]
