"""What is in the database."""

from decimal import Decimal

from pytest_bdd import parsers, then, when

from tests.observing.contract import utc_time
from tests.observing.storage import Change, Storage
from tests.running.deployment import Deployment
from tests.running.reachable import Tally
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import exact
from tests.steps.words import Table


@then("no signal of the service itself is stored")
def nothing_of_its_own_stored(inside: Deployment) -> None:
    assert inside.database.value("SELECT count(*) FROM signals WHERE instrument = 'REHEARSAL'") == 0


@then("nothing is stored")
def nothing_stored(tally: Tally) -> None:
    assert tally.count_new() == 0


def number(word: str) -> int:
    """A number, the smallest of them in words."""
    return {"one": 1, "two": 2}[word] if word.isalpha() else int(word)


@then(parsers.re(r"exactly (?P<count>\w+) signals? (is|are) stored"), converters={"count": number})
def stored_exactly(tally: Tally, count: int) -> None:
    assert tally.count_new() == count


@then("the stored id is the id of the answer")
def stored_id(storage: Storage, conversation: Conversation) -> None:
    assert str(storage.row()["id"]) == conversation.answer.json()["id"]


@then(parsers.re(r'the stored (?P<column>instrument|time) is "(?P<text>.*)"'))
def stored_value(storage: Storage, column: str, text: str) -> None:
    assert storage.text(column) == text


@then(parsers.parse("the stored version is {version}"))
def stored_version(storage: Storage, version: str) -> None:
    assert storage.text("version") == version


@then(parsers.re(r'the stored producer is "(?P<name>.*)"'))
def stored_producer(storage: Storage, name: str) -> None:
    assert storage.row()["producer_id"] == name


@then("the stored producer is nobody")
def no_stored_producer(storage: Storage) -> None:
    assert storage.row()["producer_id"] is None


@then("no payload is stored")
def no_stored_payload(storage: Storage) -> None:
    assert storage.payload() is None


@then("the stored payload is the payload that was sent")
def stored_payload_as_sent(storage: Storage, conversation: Conversation) -> None:
    sent = exact(conversation.exchange.request.text)
    assert storage.payload() == sent["payload"]


@then(parsers.re(r"the stored payload is (?P<payload>\{.*\})"))
def stored_payload(storage: Storage, payload: str) -> None:
    assert storage.payload() == exact(payload)


@then(parsers.parse("the number in the stored payload reads {digits}"))
def stored_number(storage: Storage, digits: str) -> None:
    assert storage.payload() == {"n": ("number", digits)}


@then(parsers.parse("the number in the stored payload has the value of {number}"))
def stored_number_value(storage: Storage, inside: Deployment, number: str) -> None:
    stored = inside.database.value("SELECT payload ->> 'n' FROM signals WHERE id = $1", storage.row()["id"])
    assert Decimal(stored) == Decimal(number)


@then("the row reads:")
def row_reads(storage: Storage, datatable: Table) -> None:
    for column, text in datatable:
        expected = exact(text) if column == "payload" and text else text or None
        stored = storage.payload() if column == "payload" else storage.text(column) or None
        assert stored == expected, column


@then("the stored creation time lies between the sending and now")
def created_now(storage: Storage, inside: Deployment) -> None:
    now = inside.database.value("SELECT clock_timestamp()")
    assert inside.beginning.database_time < storage.row()["created_at"] < now


@then("the stored creation time is the one in the answer")
def created_as_answered(storage: Storage, conversation: Conversation) -> None:
    assert storage.row()["created_at"] == utc_time(conversation.answer.json()["created_at"])


@then("the stored update time equals the creation time")
def not_yet_updated(storage: Storage) -> None:
    row = storage.row()
    assert row["updated_at"] == row["created_at"]


@when(
    parsers.re(r"somebody changes its (?P<column>\w+) in the database to (?P<value>.*)"),
    target_fixture="change",
)
def somebody_changes(storage: Storage, column: str, value: str) -> Change:
    return storage.change(column, value)


@then("the update time has moved")
def update_time_moved(change: Change) -> None:
    assert change.after["updated_at"] > change.before["updated_at"]


@then("the creation time has not moved")
def creation_time_not_moved(change: Change) -> None:
    assert change.after["created_at"] == change.before["created_at"]
