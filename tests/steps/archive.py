"""Old months: what lies in them, what operators do with them, and what readers are told."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from anyio.from_thread import BlockingPortal
from pytest_bdd import given, parsers, then, when
from typer.testing import Result

from service.archive import files
from service.archive.archiving import Archiving, Progress
from service.archive.errors import Differs
from service.archive.folder import MANIFEST, SIGNALS
from service.archive.retention import Retention
from service.erasure.transitions import ARCHIVE_LOCK
from service.feed.position import Position
from service.kernel.limits import Limits
from service.kernel.timestamps import utc_now
from service.months.month import Month
from service.months.turn import alone
from tests.observing.contract import utc_time
from tests.observing.figures import Figures, sample
from tests.running.deployment import Deployment
from tests.running.months import AGE, Months, id_in, unused_month
from tests.running.operator import Operator
from tests.running.postgres import Row
from tests.running.spoiling import Spoiling
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.event_stream import EventStream
from tests.speaking.exchange import Request
from tests.speaking.producer import Producer
from tests.speaking.reader import FEED, Reader
from tests.steps.decisions import REASON, STATUS
from tests.steps.readers import let_read
from tests.steps.streams import Following

OF_ITS_OWN = {"SIGNALS_QUEUE_LIMIT": "1001"}
"""What makes no difference here, so that these scenarios share a service with no others: its months begin long ago."""


class Past:
    """A month of long ago, a signal of it, and the folder into which it is archived."""

    def __init__(self, deployment: Deployment, portal: BlockingPortal, folder: Path) -> None:
        self.folder = folder
        self.result: Result
        self.told = ""
        self.signal: Row
        self.approval: Row
        self._deployment = deployment
        self._portal = portal
        self._months: Months | None = None

    def begin(self) -> Months:
        """The month, which nobody has used."""
        if self._months is None:
            self._deployment.configure(**OF_ITS_OWN)
            assert self._deployment.running
            database = self._deployment.database
            self._months = Months(database, self._portal.call(unused_month, database))
        return self._months

    @property
    def month(self) -> Month:
        """The month of the signal."""
        return self.begin().oldest

    @property
    def archive(self) -> Path:
        """The folder of the month."""
        return self.folder / str(self.month)

    @property
    def path(self) -> str:
        """Where the signal is read."""
        return f"/api/v1/signals/{self.signal['id']}"

    def look(self, days: int) -> None:
        """What a service does once an hour where it archives by itself."""
        self._portal.call(Retention(self._deployment.database.url, days, self.folder).look)

    def archive_onto_bad_disk(self) -> None:
        """Raises what the operator is told."""
        file = self.archive / SIGNALS
        self._portal.call(self._archive, Spoiling(self.month, lambda: file.write_bytes(bytes(100))))

    async def _archive(self, progress: Progress) -> None:
        async with alone(self._deployment.database.url, ARCHIVE_LOCK) as connection:
            assert connection is not None
            await Archiving(connection, self.folder, progress).run(AGE)

    def stored(self) -> list[Row]:
        """The signal as it is in the database, if it is."""
        return self._deployment.database.fetch("SELECT * FROM signals WHERE id = $1", self.signal["id"])


@pytest.fixture
def past(inside: Deployment, portal: BlockingPortal, tmp_path: Path) -> Past:
    """Nothing of it is there yet."""
    return Past(inside, portal, tmp_path / "archive")


def _let_decide(operator: Operator, reader: Reader) -> None:
    let_read(operator, reader, "--may", "approve")


@given("signals lie in months of their own")
def months_of_their_own(past: Past) -> None:
    past.begin()


@given("a signal was stored long ago")
def stored_long_ago(past: Past, operator: Operator, reader: Reader) -> None:
    past.signal = past.begin().store()
    _let_decide(operator, reader)


@given(parsers.parse('a signal of the producer "{name}" was stored long ago'))
def stored_of(past: Past, operator: Operator, reader: Reader, name: str) -> None:
    past.signal = past.begin().store(producer_id=name)
    _let_decide(operator, reader)


@given(parsers.parse('a signal was closed long ago because the producer "{name}" asked for it'))
def closed_because_of(past: Past, name: str) -> None:
    months = past.begin()
    months.close(months.store(), reason=f"{name} asked for it")
    months.store(months.present, producer_id=name)


@given("another signal of that month was stored today")
def stored_today(past: Past) -> None:
    past.begin().store(created_at=utc_now())


@given("another signal of that month was approved today")
def approved_today(past: Past) -> None:
    months = past.begin()
    months.approve(months.store(approval="required"), utc_now())


@given("a signal that needs approval was stored long ago, and approved")
def approved_long_ago(past: Past, operator: Operator, reader: Reader) -> None:
    months = past.begin()
    past.signal = months.store(approval="required")
    past.approval = months.approve(past.signal, months.oldest.later(1).begins)
    _let_decide(operator, reader)


@given("a signal was stored whose id was made ten years ahead")
def stored_ahead(past: Past, operator: Operator, reader: Reader) -> None:
    past.signal = past.begin().store(Month.of(utc_now()).later(120), created_at=utc_now())
    _let_decide(operator, reader)


@given(parsers.parse("the operator has archived what is older than {days:d} days"))
@when(parsers.parse("the operator archives what is older than {days:d} days"))
def archive(past: Past, operator: Operator, days: int) -> None:
    past.result = operator.run("archive", "--older-than", f"{days}d", "--to", str(past.folder), "--json")
    assert past.result.exit_code == 0, past.result.output


@given(parsers.parse("the operator has archived what is older than {days:d} days into another folder"))
def archive_elsewhere(past: Past, operator: Operator, days: int) -> None:
    past.folder = past.folder.with_name("another")
    archive(past, operator, days)


@when(parsers.parse("the daily run archives what is older than {days:d} days"))
def archive_daily(past: Past, days: int) -> None:
    past.look(days)


@when("the operator archives onto a disk that does not keep what it is given")
def archive_onto_bad_disk(past: Past) -> None:
    months = past.begin()
    months.close(months.store())
    with pytest.raises(Differs) as refused:
        past.archive_onto_bad_disk()
    past.told = str(refused.value)


@given("archiving was broken off when the files were written")
def broken_off(past: Past, inside: Deployment) -> None:
    """Whoever archives has to wait for a table, until it is stopped."""
    past.archive.mkdir(parents=True)
    for name in (SIGNALS, MANIFEST):
        (past.archive / f"{name}.new").write_bytes(b"half of it")
    trigger = f"""
        CREATE TRIGGER signals_closed BEFORE INSERT OR UPDATE OR DELETE ON {past.month.table}
        FOR EACH ROW EXECUTE FUNCTION signals_closed()
    """
    inside.database.execute(trigger)


@given("the operator has put the month back")
def put_back(past: Past, operator: Operator) -> None:
    past.result = operator.run("restore", str(past.archive))
    assert past.result.exit_code == 0, past.result.output


@when("the operator tries to put the month back")
def try_to_put_back(past: Past, operator: Operator) -> None:
    past.result = operator.run("restore", str(past.archive))


@given("a byte of the archive is missing")
def spoil(past: Past) -> None:
    file = past.archive / SIGNALS
    file.write_bytes(file.read_bytes()[:-1])


@given(parsers.parse('the operator has forgotten the producer "{name}"'))
@when(parsers.parse('the operator forgets the producer "{name}"'))
def forget(past: Past, operator: Operator, name: str) -> None:
    past.begin()
    past.result = operator.run("forget", name, "--json")


@given("the operator has forgotten it")
def forget_registered(operator: Operator, producer: Producer) -> None:
    operator.told("forget", producer.name)


@given(parsers.parse('the reader was shown a signal of the producer "{name}"'))
def was_shown(past: Past, following: Following, name: str) -> None:
    months = past.begin()
    past.signal = months.store(months.present, created_at=utc_now(), producer_id=name)
    [shown] = following.stream.signals(1)
    assert (shown["id"], shown["producer_id"]) == (str(past.signal["id"]), name)


@when("the reader asks for the old signal")
def ask_for_the_old(past: Past, reader: Reader) -> None:
    reader.read(past.path)


@when("the reader asks for an id of that month that nobody has")
def ask_for_nobody(past: Past, reader: Reader) -> None:
    reader.read(f"/api/v1/signals/{id_in(past.month)}")


@when("the reader closes the old signal")
def close_the_old(past: Past, reader: Reader, conversation: Conversation) -> None:
    path = f"{past.path}/status"
    body = json.dumps({"status": STATUS["closed"], "reason": REASON}).encode()
    shown = reader.request(path).adding("Content-Type", b"application/json")
    conversation.send(Request("POST", path, shown.headers, body))


@when("the reader goes on from before the old signal")
def go_on_from_before(past: Past, reader: Reader) -> None:
    before = Position(past.signal["epoch"], past.signal["xact"], UUID(int=0))
    reader.read(f"{FEED}?after={before.cursor.decode()}")


@when("the reader goes on from before the approval")
def go_on_from_before_approval(past: Past, reader: Reader) -> None:
    before = Position(past.approval["epoch"], past.approval["xact"], UUID(int=0))
    reader.read(f"{FEED}?after={before.cursor.decode()}")


@then(parsers.parse("the tables of {months:d} months to come are there"))
def months_ahead(figures: Figures, months: int) -> None:
    """At the second look at the latest: when it looked first, somebody else may have been making a month."""
    name, seconds = "signals_months_ahead", 1.5 * Limits().months_seconds
    wait_until(lambda: figures.now().get(sample(name)) == months, "the months are made", seconds)


@then("the archive holds the signal as it was stored")
def archive_holds(past: Past) -> None:
    lines = [json.loads(line) for line in files.read(past.archive / SIGNALS)]
    [line] = [line for line in lines if line["id"] == str(past.signal["id"])]
    assert list(line) == list(past.signal.keys())
    assert utc_time(line["created_at"]) == past.signal["created_at"]
    assert line["producer_id"] == past.signal["producer_id"]
    assert line["payload"] == {"price": 1950.50}


@then("the signal is in the database no more")
def is_gone(past: Past) -> None:
    assert past.stored() == []


@then("the signal is still in the database")
def is_there(past: Past) -> None:
    assert past.stored() == [past.signal]
    assert not past.archive.exists()


@then("the signal is there as it was stored")
def is_there_again(past: Past) -> None:
    assert past.stored() == [past.signal]


@then("the operator is told that there was nothing to do")
def nothing_to_do(past: Past) -> None:
    assert json.loads(past.result.stdout) == {"months": []}


@then("the operator is told that it is no whole archive")
def no_whole_archive(past: Past) -> None:
    assert past.result.exit_code == 1
    assert "is not a whole archive" in past.result.stderr
    assert past.stored() == []


@then("the operator is told that file and database differ")
def told_of_difference(past: Past) -> None:
    assert past.told.startswith(f"{past.archive / SIGNALS} and the database do not hold the same")


@then("the operator is told of that archive")
def told_of_archive(past: Past) -> None:
    assert str(past.archive) in json.loads(past.result.stdout)["archives"]


@then("the operator is told of both archives")
def told_of_both(past: Past) -> None:
    both = [str(past.folder.with_name(name) / str(past.month)) for name in ("another", "archive")]
    assert [folder for folder in json.loads(past.result.stdout)["archives"] if folder in both] == both


@then("the operator is told that this archive may name it")
def told_of_perhaps(past: Past) -> None:
    told = json.loads(past.result.stdout)
    assert str(past.archive) in told["perhaps"]
    assert str(past.archive) not in told["archives"]


@then("the operator is told that there is none")
def told_of_none(past: Past) -> None:
    assert past.result.exit_code == 1
    assert "nobody-at-all" in past.result.stderr


@then("the reader can go on from the oldest cursor that it is told")
def go_on_from_oldest(reader: Reader, conversation: Conversation) -> None:
    oldest = conversation.answer.json()["oldest"]
    assert reader.read(f"{FEED}?after={oldest}").status == 200


@then("the reader is shown the old signal as it was stored")
def shown_as_stored(past: Past, conversation: Conversation) -> None:
    shown = conversation.answer.json()
    assert shown["id"] == str(past.signal["id"])
    assert shown["payload"] == {"price": 1950.50}
    assert utc_time(shown["created_at"]) == past.signal["created_at"]
    assert past.stored() == [past.signal]


@then("the reader is shown neither its payload nor its producer")
def shown_without(past: Past, conversation: Conversation) -> None:
    shown = conversation.answer.json()
    assert (shown["id"], shown["payload"], shown["producer_id"]) == (str(past.signal["id"]), None, None)


@then("who comes back to a place before it is shown neither its payload nor its producer")
def comes_back_without(past: Past, following: Following, reader: Reader, inside: Deployment) -> None:
    """As soon as every process knows of it; the first stream goes on meanwhile, so that events are remembered."""
    assert following.beginning is not None
    place = {"Last-Event-ID": str(following.beginning.id), "Authorization": f"Bearer {reader.tokens[-1]}"}

    def forgotten() -> bool:
        with EventStream(inside.url, headers=place) as stream:
            [shown] = stream.signals(1)
        assert shown["id"] == str(past.signal["id"])
        return (shown["payload"], shown["producer_id"]) == (None, None)

    wait_until(forgotten, "the stream does not remember it")
