"""What is told to who watches the service from outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from pytest_bdd import given, parsers, then, when

from tests.observing.collector import Part, parts
from tests.observing.log import Log
from tests.observing.receiver import Receiver, receiver
from tests.running.deployment import Deployment
from tests.running.service_process import limited
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer


@dataclass(frozen=True)
class Begun:
    """A trace that was begun elsewhere."""

    id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def header(self) -> bytes:
        """It as W3C's Trace Context writes it, to be recorded."""
        return f"00-{self.id}-00f067aa0ba902b7-01".encode()


@pytest.fixture(scope="session")
def collector() -> Iterator[Receiver]:
    """The collector of traces, of all scenarios that have one: so they share a service."""
    with receiver() as received:
        yield received


@pytest.fixture
def error_tracker() -> Iterator[Receiver]:
    """The error tracker of this scenario."""
    with receiver() as received:
        yield received


@given("the operator has an error tracker")
def has_error_tracker(inside: Deployment, error_tracker: Receiver) -> None:
    inside.configure(SENTRY_DSN=f"http://key@{error_tracker.address}/1", **limited(answer_seconds=1))


@given("the operator collects traces")
def collects_traces(inside: Deployment, collector: Receiver) -> None:
    inside.configure(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector.address}", OTEL_BSP_SCHEDULE_DELAY="50")


@when("the producer sends a signal that is part of a trace", target_fixture="begun")
def send_traced(producer: Producer, conversation: Conversation) -> Begun:
    begun = Begun()
    conversation.send(producer.request().adding("traceparent", begun.header))
    return begun


@when("a stranger sends a signal that is part of a trace", target_fixture="begun")
def stranger_sends_traced(producer: Producer, conversation: Conversation) -> Begun:
    producer.secret = b"what a stranger takes for the secret of a producer"
    return send_traced(producer, conversation)


@then(parsers.parse('the error tracker is told of "{message}"'))
def tracker_told_of(error_tracker: Receiver, message: str) -> None:
    wait_until(lambda: any(f'"{message}"'.encode() in body for body in error_tracker.bodies), f"{message} is told")


@then(parsers.parse('the error tracker is not told "{text}"'))
def tracker_not_told(error_tracker: Receiver, text: str) -> None:
    assert not any(text.encode() in body for body in error_tracker.bodies)


@then("that trace shows its proof, its queue and its commit")
def trace_shows(collector: Receiver, begun: Begun) -> None:
    def names() -> set[str]:
        return {part.name for part in parts(collector.bodies) if part.trace == begun.id}

    wait_until(lambda: names() == {"POST /api/v1/signals", "proof", "queue", "commit"}, "the trace is complete")


@then("that trace shows nothing of it")
def trace_shows_nothing(collector: Receiver, begun: Begun, conversation: Conversation) -> None:
    request_id = conversation.answer.request_id

    def own() -> list[Part]:
        return [part for part in parts(collector.bodies) if part.attributes.get("signals.request_id") == request_id]

    wait_until(lambda: own() != [], "the request has a trace of its own")
    assert begun.id not in {part.trace for part in parts(collector.bodies)}


@then("every line of the log about it names that trace")
def lines_name_trace(log: Log, begun: Begun) -> None:
    assert {line["trace_id"] for line in log.lines()} == {begun.id}


@then("no line of the log names a trace")
def no_line_names_trace(log: Log) -> None:
    assert "trace_id" not in log.text()
