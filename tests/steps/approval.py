"""Approval: of whom it is asked, and who is given what before and after."""

from typing import Any

from pytest_bdd import given, then, when

from tests.running.deployment import SECRET
from tests.running.operator import Operator
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader
from tests.steps.decisions import STATUS, Desk
from tests.steps.keys import unused_name
from tests.steps.streams import HEARTBEAT_SECONDS, Following


@given("the operator has registered the producer, and asks approval of its signals")
def registered_for_approval(producer: Producer, operator: Operator) -> None:
    producer.name = unused_name()
    producer.secret = operator.add_key("producers", "add", "--approval", producer.name)


@given("the operator asks no approval of its signals any more")
def no_approval_any_more(producer: Producer, operator: Operator) -> None:
    assert operator.told("producers", "set", producer.name, "--no-approval")["approval"] is False


@given("somebody else has sent a signal", target_fixture="other_signal")
def somebody_else(producer: Producer, conversation: Conversation) -> str:
    other = producer.fresh()
    other.name, other.secret = unused_name(), SECRET
    other.send()
    identifier: str = conversation.answer.json()["id"]
    return identifier


@when("the reader asks for what is not approved too", target_fixture="seen")
def ask_for_unapproved(reader: Reader) -> list[dict[str, Any]]:
    return reader.read_all("&unapproved=true")


@then("the signal is not in the feed")
def not_in_feed(seen: list[dict[str, Any]], desk: Desk) -> None:
    assert desk.signal not in [signal["id"] for signal in seen]


@then("the signal is not found by its id")
def not_found(reader: Reader, desk: Desk) -> None:
    assert reader.read(f"/api/v1/signals/{desk.signal}").status == 404


@then("the feed shows the signal, and it is new")
def shown_new(seen: list[dict[str, Any]], desk: Desk) -> None:
    assert [signal["status"] for signal in seen if signal["id"] == desk.signal] == [STATUS["new"]]


@then("the feed shows the signal behind the one of somebody else, and it is queued")
def shown_behind(reader: Reader, desk: Desk, other_signal: str) -> None:
    def shown() -> bool:
        both = [signal for signal in reader.read_all() if signal["id"] in {desk.signal, other_signal}]
        return [(signal["id"], signal["status"]) for signal in both] == [
            (other_signal, STATUS["new"]),
            (desk.signal, STATUS["queued"]),
        ]

    wait_until(shown, "the feed shows both")


@then("the live feed shows the signal once, and it is queued")
def live_shows_once(following: Following, desk: Desk) -> None:
    [first] = following.stream.events(1)
    later = [event for event in following.stream.during(2 * HEARTBEAT_SECONDS) if event.data is not None]
    assert (first.kind, first.signal["id"], first.signal["status"]) == ("signal", desk.signal, str(STATUS["queued"]))
    assert later == []


@then("neither the signal nor its closing is in the feed")
def never_there(reader: Reader, desk: Desk) -> None:
    """What was decided just now may be kept back by others for a moment, which hides nothing that is looked for."""
    events = reader.read_events()
    assert desk.signal not in [each.get("signal_id") or each["signal"]["id"] for each in events]
