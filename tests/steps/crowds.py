"""Many signals at the same time."""

from pytest_bdd import given, parsers, then, when

from tests.observing.contract import check_created, check_refusal
from tests.observing.figures import Figures, sample
from tests.observing.log import Log
from tests.observing.storage import Storage
from tests.running.deployment import Deployment
from tests.running.log_lines import LogLine
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import exact
from tests.speaking.producer import Producer


@when(parsers.parse("{count:d} signals are sent at once"))
@given(parsers.parse("{count:d} signals were sent at once"))
def send_at_once(producer: Producer, conversation: Conversation, count: int) -> None:
    conversation.send_at_once([producer.fresh().request() for _ in range(count)])


@when(parsers.parse("{good:d} valid and {bad:d} invalid signals are sent at once"))
def send_mixture_at_once(producer: Producer, conversation: Conversation, good: int, bad: int) -> None:
    producers = [producer.fresh() for _ in range(good + bad)]
    for other in producers[::2][:bad]:
        other.fields["side"] = "7"
    conversation.send_at_once([other.request() for other in producers])


@when(parsers.parse("signals for {count:d} different instruments are sent"))
def send_instruments(producer: Producer, conversation: Conversation, count: int) -> None:
    producers = [producer.fresh() for _ in range(count)]
    for number, other in enumerate(producers):
        other.set_text("instrument", f"INSTRUMENT-{number}")
    conversation.send_at_once([other.request() for other in producers])


@when(parsers.parse("the very same request is sent {count:d} times at once"))
def send_twins_at_once(producer: Producer, conversation: Conversation, count: int) -> None:
    conversation.send_at_once([producer.request()] * count)


@then("all of them are accepted")
def all_accepted(conversation: Conversation) -> None:
    for answer in conversation.answers:
        check_created(answer)


@then(parsers.parse("exactly the {count:d} valid ones are accepted"))
def valid_ones_accepted(conversation: Conversation, count: int) -> None:
    accepted = [exchange for exchange in conversation.exchanges if exchange.answer.status == 201]
    assert len(accepted) == count
    assert all(exact(exchange.request.text)["side"] == ("number", "0") for exchange in accepted)


@then("their ids are all different")
def ids_differ(conversation: Conversation) -> None:
    assert len({answer.json()["id"] for answer in conversation.answers}) == len(conversation.answers)


@then("the answer to each is about its own signal")
def answers_are_not_mixed_up(conversation: Conversation, storage: Storage) -> None:
    for exchange in conversation.exchanges:
        sent = exact(exchange.request.text)["time"]
        assert storage.row_of(exchange.answer.json()["id"])["time"].isoformat() == sent.replace("Z", "+00:00")


@then("the database has seen no deadlock")
def no_deadlock(inside: Deployment) -> None:
    seen = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert inside.database.value(seen) == 0


@then("the log, when it is read again, tells of the creation of each, once")
def log_tells_later_of_each(inside: Deployment, log: Log, conversation: Conversation) -> None:
    inside.service.log.resume()
    log_tells_of_each(log, conversation)


@then("the log, when it is read again, tells how many lines are missing")
def log_tells_of_missing_lines(inside: Deployment, conversation: Conversation, figures: Figures) -> None:
    def lines(message: str) -> list[LogLine]:
        return [line for line in inside.service.log.since(0) if line["message"] == message]

    def all_told() -> bool:
        missing = figures.now()[sample("signals_log_lines_dropped_total")]
        return missing > 0 and sum(line["lines"] for line in lines("Log lines dropped")) == missing

    inside.service.log.resume()
    wait_until(all_told, "the log tells of as many as were counted")
    assert 0 < len(lines("Signal created")) < len(conversation.answers)


@then("the log tells of the creation of each, once")
def log_tells_of_each(log: Log, conversation: Conversation) -> None:
    for answer in conversation.answers:
        lines = log.lines(answer)
        created = [line["signal_id"] for line in lines if line["message"] == "Signal created"]
        assert created == [answer.json()["id"]]


@then(parsers.parse('all are refused as "{code}"'))
def all_refused(conversation: Conversation, code: str) -> None:
    for answer in conversation.answers:
        check_refusal(answer, code)


@then(parsers.parse('some of them are refused as "{code}"'))
def some_refused(conversation: Conversation, code: str) -> None:
    refused = [answer for answer in conversation.answers if answer.status == 503]
    assert refused
    for answer in refused:
        check_refusal(answer, code)


@then(parsers.parse('all others are refused as "{code}"'))
def others_refused(conversation: Conversation, code: str) -> None:
    others = [answer for answer in conversation.answers if answer.status != 503]
    assert others
    for answer in others:
        check_refusal(answer, code)


@then("those say when to come again")
def refused_are_told_when(conversation: Conversation) -> None:
    refused = [answer for answer in conversation.answers if answer.status == 503]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)


@then(parsers.parse("nobody waited longer than {seconds:f} seconds"))
def nobody_waited_longer(conversation: Conversation, seconds: float) -> None:
    assert max(answer.seconds for answer in conversation.answers) <= seconds


@then("all answers are the same, byte for byte")
def answers_are_the_same(conversation: Conversation) -> None:
    assert len({answer.body for answer in conversation.answers}) == 1


@then("all but one are marked as replayed")
def all_but_one_replayed(conversation: Conversation) -> None:
    marked = [answer.replayed for answer in conversation.answers]
    assert marked.count(False) == 1
