"""Signals that expire: when, who is told, and what becomes of them."""

from datetime import datetime, timedelta

from pytest_bdd import given, parsers, then, when

from tests.observing.contract import utc_time
from tests.running.deployment import Deployment
from tests.running.service_process import limited
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader
from tests.steps.decisions import STATUS, Desk
from tests.steps.streams import HEARTBEAT_SECONDS, Following

NEVER_SECONDS = 1e6

_EXPIRED = "SELECT expires_at < clock_timestamp() FROM signals WHERE id = $1"


@given(parsers.parse("signals expire after {seconds:d} seconds"))
def expire_after(inside: Deployment, seconds: int) -> None:
    inside.configure(SIGNALS_EXPIRE_AFTER_SECONDS=str(seconds))


@given("nobody closes what has expired")
def nobody_closes(inside: Deployment) -> None:
    inside.configure(**limited(expiry_seconds=NEVER_SECONDS, heartbeat_seconds=HEARTBEAT_SECONDS))


@given("the service knows the clock of the database")
def clock_known(producer: Producer, conversation: Conversation) -> None:
    """It is looked at when the service begins."""

    def known() -> bool:
        early = producer.fresh()
        early.set_text("expires_at", "2000-01-01T00:00:00Z")
        early.send()
        return conversation.answer.status == 422

    wait_until(known, "the clock of the database is known")


@given(parsers.re(r"the producer has sent a signal that expires in (?P<seconds>\d+) seconds?"), target_fixture="said")
def has_sent_expiring(inside: Deployment, producer: Producer, conversation: Conversation, seconds: str) -> datetime:
    """Again if it has expired on its way to the service."""
    said: list[datetime] = []

    def stored() -> bool:
        said.append(send_expiring(inside, producer, seconds))
        return conversation.answer.status == 201

    wait_until(stored, "a signal is stored before it expires")
    return said[-1]


@when(parsers.re(r"the producer sends a signal that expires in (?P<seconds>-?\d+) seconds?"), target_fixture="said")
def send_expiring(inside: Deployment, producer: Producer, seconds: str) -> datetime:
    moment: datetime = inside.database.value("SELECT clock_timestamp()") + timedelta(seconds=int(seconds))
    producer.set_text("expires_at", moment.isoformat())
    producer.send()
    return moment


@given("the signal has expired")
@when("the signal expires")
def has_expired(inside: Deployment, desk: Desk) -> None:
    wait_until(lambda: inside.database.value(_EXPIRED, desk.signal), "the signal has expired")


@when("the reader asks for what is live", target_fixture="given")
def ask_for_live(reader: Reader) -> list[str]:
    return [signal["id"] for signal in reader.read_all("&live=true")]


@when("the reader comes back for what is live")
def come_back_for_live(following: Following) -> None:
    following.come_back({"live": "true"})


@then("the signal expires when the producer has said")
def expires_as_said(conversation: Conversation, said: datetime) -> None:
    assert utc_time(conversation.answer.json()["expires_at"]) == said


@then(parsers.parse("the signal expires {seconds:d} seconds after it was stored"))
def expires_after_it_was_stored(conversation: Conversation, seconds: int) -> None:
    shown = conversation.answer.json()
    assert utc_time(shown["expires_at"]) - utc_time(shown["created_at"]) == timedelta(seconds=seconds)


@then("the signal has not expired")
def not_expired(conversation: Conversation) -> None:
    assert conversation.answer.json()["expired"] is False


@then("the signal never expires")
def never_expires(conversation: Conversation) -> None:
    shown = conversation.answer.json()
    assert (shown["expires_at"], shown["expired"]) == (None, False)


@then("the reader is told that it has expired, and that it is new")
def told_expired(conversation: Conversation) -> None:
    shown = conversation.answer.json()
    assert (shown["expired"], shown["status"]) == (True, STATUS["new"])


@then(parsers.parse('within {seconds:d} seconds the feed tells that the signal is closed because it has "{reason}"'))
def feed_tells(reader: Reader, desk: Desk, seconds: int, reason: str) -> None:
    def closed() -> bool:
        changes = [each for each in reader.read_events() if each.get("signal_id") == desk.signal]
        return [(each["status"], each["reason"], each["by"]) for each in changes] == [(STATUS["closed"], reason, None)]

    wait_until(closed, "the feed tells that it is closed", seconds)


@then("the reader is not given the signal")
def not_given(given: list[str], desk: Desk) -> None:
    assert desk.signal not in given


@then("the stream does not show the signal")
def not_shown(following: Following, desk: Desk) -> None:
    """Two heartbeats behind the place of the signal."""
    shown = [event.signal["id"] for event in following.stream.during(3 * HEARTBEAT_SECONDS) if event.data is not None]
    assert desk.signal not in shown
