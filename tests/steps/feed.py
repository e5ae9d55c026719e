"""The feed and what is to be found about signals: what readers ask for, and what they are shown."""

import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from anyio.from_thread import BlockingPortal
from pytest_bdd import given, parsers, then, when

from service.feed.position import Position
from tests.observing.contract import utc_time
from tests.observing.figures import Figures
from tests.observing.log import Log
from tests.observing.storage import Storage
from tests.running.deployment import Deployment
from tests.running.postgres import Database
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import exact
from tests.speaking.producer import PRODUCER_ID, Producer
from tests.speaking.reader import FEED, Reader
from tests.steps.batches import send as send_batch_of
from tests.steps.words import Table

HELD = "Feed is held back by an open transaction"
NAMES = r'(?P<names>"[^"]*"(?:(?:, | and )"[^"]*")*)'


class Following:
    """How far a reader has come, and what it saw the last time that it read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.cursor: str | None = None
        self.before: str | None = None
        self.seen: list[dict[str, Any]] = []
        self.moment = ""
        self.own: set[str] = set()

    def go_on(self, query: str = "") -> None:
        """Read page after page from where it stands."""
        self.before, self.seen = self.cursor, []
        more = True
        while more:
            answer = self._reader.read(self.path(query))
            assert answer.status == 200, answer.label
            page = answer.json()
            self.seen += [event["signal"] for event in page["events"] if event["event"] == "signal"]
            self.cursor, more = page["cursor"], page["more"]

    def path(self, query: str = "") -> str:
        """Where it goes on."""
        after = f"after={self.cursor}" if self.cursor else "limit=1000"
        return f"{FEED}?{'&'.join(part for part in (after, escaped(query)) if part)}"

    def names(self) -> list[str]:
        """The instruments that it saw, of signals of its own scenario."""
        return [signal["instrument"] for signal in self.seen if signal["id"] in self.own]


def escaped(query: str) -> str:
    """A query as a client writes it."""
    return quote(query, safe="=&*")


@pytest.fixture
def paging(reader: Reader) -> Following:
    """The reader as one that goes on."""
    return Following(reader)


@pytest.fixture
def other_session(inside: Deployment, portal: BlockingPortal) -> Iterator[Database]:
    """Somebody else's session in the database."""
    database = Database(inside.database.url, portal)
    yield database
    database.close()


def listed(names: str) -> list[str]:
    """The names in quotation marks."""
    return re.findall(r'"([^"]*)"', names)


@given(parsers.re(f"signals are stored for {NAMES}"))
def signals_for(producer: Producer, conversation: Conversation, paging: Following, names: str) -> None:
    for name in listed(names):
        sent = producer.fresh()
        sent.set_text("instrument", name)
        paging.own.add(conversation.send(sent.request()).json()["id"])


@given(parsers.re(f"signals are stored with one batch for {NAMES}"))
def batch_for(producer: Producer, conversation: Conversation, paging: Following, names: str) -> None:
    bodies = []
    for name in listed(names):
        sent = producer.fresh()
        sent.set_text("instrument", name)
        bodies.append(sent.body().decode())
    send_batch_of(producer, bodies)
    paging.own |= {result["id"] for result in conversation.answer.json()["results"]}


@given("these signals are sent:")
def signals_of(producer: Producer, conversation: Conversation, paging: Following, datatable: Table) -> None:
    for name, instrument, payload in datatable[1:]:
        sent = producer.fresh()
        sent.set_text("instrument", instrument)
        sent.fields["payload"] = payload
        answer = conversation.send(sent.request().setting(PRODUCER_ID, name.encode()))
        paging.own.add(answer.json()["id"])


@given("somebody has closed that signal in the database")
def closed(storage: Storage) -> None:
    storage.change("status", "2")


@given(parsers.parse('a transaction has stored a signal for "{name}", and is open'))
def transaction_open(other_session: Database, paging: Following, name: str) -> None:
    other_session.execute("BEGIN")
    insert = "INSERT INTO signals (id, instrument, side, time) VALUES (gen_random_uuid(), $1, 0, now()) RETURNING id"
    paging.own.add(str(other_session.value(insert, name)))


@given("the transaction was committed")
def transaction_committed(other_session: Database) -> None:
    other_session.execute("COMMIT")


@given("an older copy of the database was put back")
def older_copy(inside: Deployment) -> None:
    newest = "SELECT id FROM signals ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"
    inside.database.execute(f"DELETE FROM signals WHERE id = ({newest})")


@given("the database was restored into another server")
def restored_elsewhere(inside: Deployment) -> None:
    inside.database.execute("UPDATE lives SET system_identifier = 42")
    inside.restart()


@given("there is no room for readers who wait")
def no_room(inside: Deployment) -> None:
    inside.configure(SIGNALS_STREAMS_MAX="0")


@given("the reader has read the feed to its end")
@given("the reader has gone on meanwhile")
def has_read(inside: Deployment, paging: Following) -> None:
    assert inside.running
    paging.go_on()


@given("the reader notes the time")
def notes_time(inside: Deployment, paging: Following) -> None:
    paging.moment = inside.database.value("SELECT clock_timestamp()").isoformat()


@given("the reader goes on, and waits for up to 30 seconds", target_fixture="waiting")
def waits(paging: Following) -> threading.Thread:
    thread = threading.Thread(target=paging.go_on, args=("wait=30",))
    thread.start()
    return thread


@when("the reader goes on")
def go_on(paging: Following) -> None:
    paging.go_on()


@when(parsers.parse('the reader goes on with "{query}"'))
def go_on_with(paging: Following, query: str) -> None:
    paging.go_on(query)


@when("the reader goes on and is refused")
def go_on_refused(reader: Reader, paging: Following) -> None:
    reader.read(paging.path())


@when("the reader goes on, waiting, and cannot")
def wait_refused(reader: Reader, paging: Following) -> None:
    reader.read(paging.path("wait=5"))


@when("the reader reads the feed from the time that it has noted")
def read_from(paging: Following) -> None:
    paging.go_on(f"from={paging.moment}")


@when("the reader reads the feed up to the time that it has noted")
def read_to(paging: Following) -> None:
    paging.go_on(f"to={paging.moment}")


@when(parsers.re('the reader asks the feed for "(?P<query>[^"]*)"'))
def ask_feed(reader: Reader, query: str) -> None:
    reader.read(f"{FEED}?{escaped(query)}")


@when("the reader asks for that signal")
def ask_for_that(reader: Reader, conversation: Conversation) -> None:
    reader.read(f"/api/v1/signals/{conversation.answer.json()['id']}")


@when(parsers.parse('the reader asks for the signal "{identifier}"'))
def ask_for(reader: Reader, identifier: str) -> None:
    reader.read(f"/api/v1/signals/{identifier}")


@when("the reader asks for all signals at once")
def ask_for_all(reader: Reader) -> None:
    reader.read("/api/v1/signals")


@when("the reader asks for the instruments", target_fixture="asked")
def ask_instruments() -> str:
    return "limit=1000"


@when("the reader asks for the instruments, 2 a page", target_fixture="asked")
def ask_instruments_by_page() -> str:
    return "limit=2"


@when(parsers.parse('the reader asks for the instruments that begin with "{prefix}"'), target_fixture="asked")
def ask_instruments_that_begin(prefix: str) -> str:
    return f"prefix={prefix}"


def instruments(reader: Reader, asked: str) -> list[dict[str, Any]]:
    """All instruments, page by page."""
    found: list[dict[str, Any]] = []
    more, after = True, ""
    while more:
        page = reader.read(f"/api/v1/instruments?{asked}{after}").json()
        found, more = [*found, *page["instruments"]], page["more"]
        after = f"&after={found[-1]['instrument']}" if found else ""
    return found


@then(parsers.re(f"the reader sees {NAMES} in this order"))
def sees_names(paging: Following, names: str) -> None:
    assert paging.names() == listed(names)


@then("the reader sees nothing")
def sees_nothing(paging: Following) -> None:
    assert paging.seen == []


@then("the reader is given no signals but a cursor, and told that there is no more")
def given_only_a_cursor(conversation: Conversation) -> None:
    page = conversation.answer.json()
    assert (page["events"], page["more"]) == ([], False)
    assert Position.parse(page["cursor"])
    utc_time(page["complete_until"])


@then("the reader is given another cursor")
def given_another_cursor(paging: Following) -> None:
    assert paging.cursor != paging.before


@then(parsers.parse("each signal that the reader sees has the status {status:d}"))
def seen_with_status(paging: Following, status: int) -> None:
    assert {signal["status"] for signal in paging.seen} == {status}


@then("the reader is shown the signal as it is stored")
def shown_as_stored(conversation: Conversation, storage: Storage) -> None:
    content = conversation.answer.json()
    row = {name: value for name, value in storage.row().items() if name != "key_id"}
    assert content.keys() == {*row, "expired", "history"}
    assert exact(conversation.answer.body.decode())["payload"] == storage.payload()
    for name in ("time", "created_at", "updated_at"):
        assert utc_time(content[name]) == row[name]
    plain = ("producer_id", "instrument", "side", "version", "status", "state_version")
    assert [UUID(content["id"]), *(content[name] for name in plain)] == [row["id"], *(row[name] for name in plain)]


@then(parsers.parse("the number that the reader is shown reads {digits}"))
def shown_digits(conversation: Conversation, digits: str) -> None:
    assert exact(conversation.answer.body.decode())["payload"] == {"n": ("number", digits)}


@then(parsers.parse('the reader is answered with "{name}" within {seconds:d} seconds'))
def answered_in_time(waiting: threading.Thread, paging: Following, name: str, seconds: int) -> None:
    waiting.join(seconds)
    assert not waiting.is_alive()
    assert name in [signal["instrument"] for signal in paging.seen]


@then("the log names the session that keeps the feed back")
def log_names_holder(log: Log, other_session: Database) -> None:
    log.wait_for(HELD)
    [line] = [line for line in log.since_beginning() if line["message"] == HELD]
    assert line["pid"] == other_session.value("SELECT pg_backend_pid()")


@then("the metrics show that the feed lags")
def metrics_show_lag(figures: Figures) -> None:
    lags = [value for (name, _), value in figures.now().items() if name == "signals_feed_lag_seconds"]
    assert max(lags) > 0


@then("both cursors that the reader is told can be read from")
def cursors_lead_on(reader: Reader, conversation: Conversation) -> None:
    refused = conversation.answer.json()
    for cursor in (refused["oldest"], refused["newest"]):
        assert reader.read(f"{FEED}?after={cursor}").status == 200


@then(parsers.re(f"the instruments are {NAMES}"))
def instruments_are(reader: Reader, asked: str, names: str) -> None:
    def as_expected() -> bool:
        return [row["instrument"] for row in instruments(reader, asked)] == listed(names)

    wait_until(as_expected, f"the instruments are {names}")


@then("the latest of each is when its latest signal was stored")
def latest_of_each(reader: Reader, inside: Deployment, asked: str) -> None:
    rows = inside.database.fetch("SELECT instrument, max(created_at) AS latest FROM signals GROUP BY instrument")
    latest = {row["instrument"]: row["latest"] for row in rows}

    def as_stored() -> bool:
        return {row["instrument"]: utc_time(row["latest"]) for row in instruments(reader, asked)} == latest

    wait_until(as_stored, "the latest is known")
