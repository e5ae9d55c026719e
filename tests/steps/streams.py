"""Readers who follow the live feed: what they are shown, and how their streams end."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from pytest_bdd import given, parsers, then, when

from service.feed import Position
from tests.running.deployment import Deployment
from tests.running.operator import Operator
from tests.running.service_process import limited
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.event_stream import LIVE, Event, EventStream
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader

HEARTBEAT_SECONDS = 0.5
LARGE_BYTES = 30_000
SMALL_BUFFER = 4096

PLACES = {
    "no cursor": "not-a-cursor",
    "half a cursor": Position(1, 2, UUID(int=3)).cursor.decode()[:24],
    "a cursor of the future": Position((1 << 62) + 1, 1, UUID(int=1)).cursor.decode(),
}


class Following:
    """The streams of a scenario, the first reader's and those of others."""

    def __init__(self, deployment: Deployment, things: ExitStack) -> None:
        self._deployment = deployment
        self._things = things
        self.others: list[EventStream] = []
        self.beginning: Event | None = None
        self.slow = False
        self.shown: list[str] = []

    def open(self, query: dict[str, str] | None = None, token: str | None = None, **how: Any) -> None:
        """The first reader follows, from now on or from where it broke off."""
        self.stream = self._stream(query, token, **how)
        self.beginning = self.stream.next()

    def come_back(self, query: dict[str, str] | None = None) -> None:
        """The first reader follows again."""
        place = self.stream.id
        assert place is not None
        self.stream = self._stream(query, headers={"Last-Event-ID": place})

    def read(self, number: int) -> None:
        """The first reader reads so many signals."""
        self.shown += [signal["id"] for signal in self.stream.signals(number)]

    def another(self, **how: Any) -> None:
        """Somebody else follows."""
        self.others.append(self._stream(**how))
        self.others[-1].next()

    def _stream(self, query: dict[str, str] | None = None, token: str | None = None, **how: Any) -> EventStream:
        headers = how.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        stream = self._things.enter_context(EventStream(self._deployment.url, query, headers, **how))
        assert stream.status == 200, stream.refusal()
        return stream


@pytest.fixture
def following(inside: Deployment) -> Iterator[Following]:
    """Nobody follows yet."""
    with ExitStack() as things:
        yield Following(inside, things)


@pytest.fixture
def sent() -> list[str]:
    """The ids of the signals that the producer has sent for the reader, in their order."""
    return []


@given("heartbeats come every half second")
def heartbeats(inside: Deployment) -> None:
    inside.configure(**limited(heartbeat_seconds=HEARTBEAT_SECONDS))


@given("streams end after a second")
def short_streams(inside: Deployment) -> None:
    inside.configure(**limited(heartbeat_seconds=HEARTBEAT_SECONDS, stream_seconds=1))


@given(parsers.parse("{number:d} may follow at once"))
def few_places(inside: Deployment, number: int) -> None:
    inside.configure(SIGNALS_STREAMS_MAX=str(number))


@given("a connection may be idle for 1 second")
def short_idle(inside: Deployment) -> None:
    inside.configure(SIGNALS_IDLE_SECONDS="1")


@given("the reader follows the live feed")
@when("the reader follows the live feed")
def follow(following: Following) -> None:
    following.open()


@given(parsers.parse('the reader follows the live feed of the instruments "{instruments}"'))
def follow_instruments(following: Following, instruments: str) -> None:
    following.open({"instrument": instruments})


@given("the reader follows the live feed with its token")
def follow_with_token(following: Following, reader: Reader) -> None:
    following.open(token=reader.tokens[-1])


@given("the reader follows the live feed slowly")
def follow_slowly(following: Following) -> None:
    following.slow = True
    following.open(receive_buffer=SMALL_BUFFER)


@given("the reader has followed the live feed, and hung up")
def followed(following: Following) -> None:
    following.open()
    following.stream.close()


@given("another reader follows the live feed")
def another_follows(following: Following) -> None:
    following.another()


@given("another reader follows the live feed and reads nothing")
def another_reads_nothing(following: Following) -> None:
    following.another(receive_buffer=SMALL_BUFFER)


@when("a third reader follows the live feed")
def third_follows(reader: Reader) -> None:
    reader.read(LIVE)


@when("the reader comes back")
def come_back(following: Following) -> None:
    following.come_back()


@when("the reader comes back with a newer place in the address")
def come_back_with_both(following: Following, inside: Deployment) -> None:
    with EventStream(inside.url) as newest:
        while newest.id in (None, following.stream.id):  # what was sent cannot be read yet
            assert newest.next() is not None
        following.come_back({"after": str(newest.id)})


@when(parsers.re(rf"the reader comes back with (?P<place>{'|'.join(PLACES)})"))
def come_back_with(reader: Reader, place: str) -> None:
    reader.read(f"{LIVE}?after={PLACES[place]}")


@given("the reader has seen that signal")
def has_seen(reader: Reader, conversation: Conversation) -> None:
    reader.wait_for(conversation.answer.json()["id"])


@given(parsers.parse("the producer has sent {count:d} signals"))
def has_sent(producer: Producer, conversation: Conversation, sent: list[str], count: int) -> None:
    for _ in range(count):
        producer.fresh().send()
        sent.append(conversation.answer.json()["id"])


@when(parsers.parse("the producer sends {megabytes:d} MB of signals"))
def send_much(
    producer: Producer, conversation: Conversation, following: Following, sent: list[str], megabytes: int
) -> None:
    """A slow reader reads half of what it is shown, as long as this takes."""
    for number in range(megabytes * 1_000_000 // LARGE_BYTES):
        signal = producer.fresh()
        signal.fields["payload"] = json.dumps({"text": "x" * LARGE_BYTES})
        signal.send()
        sent.append(conversation.answer.json()["id"])
        if number % 2 or not following.slow:
            following.read(1)


@when(parsers.parse('the producer sends signals for "{first}", "{second}", "{third}" and "{fourth}"'))
def send_four(producer: Producer, first: str, second: str, third: str, fourth: str) -> None:
    for instrument in (first, second, third, fourth):
        signal = producer.fresh()
        signal.set_text("instrument", instrument)
        signal.send()


@when("the operator revokes the reader")
def revoke(operator: Operator, reader: Reader) -> None:
    operator.told("readers", "revoke", reader.name)


@when("the operator stops the service")
def stop(inside: Deployment) -> None:
    inside.service.tell_to_stop()


@then("the reader is shown the signal, its kind, and the place after it")
def shown_as_event(following: Following, conversation: Conversation) -> None:
    while (event := following.stream.next()) is not None and event.data is None:
        pass
    assert event is not None
    assert event.kind == "signal"
    assert event.id is not None
    assert event.signal["id"] == conversation.answer.json()["id"]


@then(parsers.parse('the stream is "{content_type}", not stored and not buffered on the way'))
def form_of_stream(following: Following, content_type: str) -> None:
    assert following.stream.headers["content-type"] == content_type
    assert following.stream.headers["cache-control"] == "no-store"
    assert following.stream.headers["x-accel-buffering"] == "no"


@then("the first thing it says is a place, and when to come back")
def begins_with_place(following: Following) -> None:
    beginning = following.beginning
    assert beginning is not None
    assert beginning.id
    assert beginning.retry
    assert beginning.data is None


@then(parsers.parse("the reader is shown the payload {payload}"))
def shown_payload(following: Following, payload: str) -> None:
    [signal] = following.stream.signals(1)
    assert signal["payload"] == json.loads(payload, parse_float=str, parse_int=str)


@then("the reader is shown the second signal and not the first")
def shown_second(following: Following, conversation: Conversation) -> None:
    assert [signal["id"] for signal in following.stream.signals(1)] == [conversation.answer.json()["id"]]


@then(parsers.parse('the reader is shown signals for "{first}" and "{second}"'))
def shown_instruments(following: Following, first: str, second: str) -> None:
    assert [signal["instrument"] for signal in following.stream.signals(2)] == [first, second]


@then("the reader is told a place again and again")
def told_again(following: Following) -> None:
    beats = [event for event in following.stream.during(3.5 * HEARTBEAT_SECONDS) if event.data is None]
    assert len(beats) >= 3
    assert all(beat.id for beat in beats)


@then("the place that the reader is told moves on")
def place_moves(following: Following) -> None:
    before, event = following.stream.id, following.stream.next()
    while event is not None and event.id == before:
        event = following.stream.next()
    assert event is not None
    assert event.data is None


@then("the reader is shown each of them once, in their order")
def shown_each(following: Following, sent: list[str]) -> None:
    following.read(len(sent) - len(following.shown))
    assert following.shown == sent


@then("the other reader is cut off")
def other_is_cut(following: Following) -> None:
    assert following.others[0].cut_off()


@then("it is told to come back later")
def told_to_come_back(conversation: Conversation) -> None:
    assert int(conversation.answer.headers["Retry-After"]) >= 5


@then("the streams of the others go on")
def others_go_on(following: Following, producer: Producer) -> None:
    producer.send()
    for stream in (following.stream, *following.others):
        assert len(stream.signals(1)) == 1


@then("the stream ends in good order")
def ends_well(following: Following) -> None:
    ends_within(following, DEADLINE_SECONDS)


@then(parsers.parse("the stream ends within {seconds:g} seconds"))
def ends_within(following: Following, seconds: float) -> None:
    """Counted from when the command has returned: then every process knows."""
    assert all(event.data is None for event in following.stream.during(seconds))
    assert following.stream.ended


@then(parsers.parse("the service has stopped within {seconds:d} seconds"))
def has_stopped(inside: Deployment, seconds: int) -> None:
    wait_until(lambda: inside.service.process.poll() is not None, "the service has stopped", seconds)
