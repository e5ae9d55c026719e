"""A database of two servers, the second of which serves readers."""

from pathlib import Path

from pytest_bdd import given, parsers, then, when

from tests.observing.figures import Figures, sample
from tests.running.deployment import Deployment
from tests.running.service_process import limited
from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.reader import Reader
from tests.steps.feed import Following
from tests.steps.servers import SHORT

READY = "/api/v1/ready/feed"


def read_by_second(figures: Figures) -> float:
    """How often the second server has served a reader."""
    return figures.now()[sample("signals_standby_reads_total", result="read")]


def wait_for(inside: Deployment, state: str) -> None:
    """Return when the service says so of the second server."""
    client, url = inside.service.client, f"{inside.service.url}{READY}"
    wait_until(lambda: client.get(url).json()["dependencies"]["standby"] == state, f"the second server is {state}")


@given(parsers.parse("readers may be served what is {seconds:d} seconds old"))
def may_lag(inside: Deployment, seconds: int) -> None:
    inside.configure(SIGNALS_READ_LAG_SECONDS=str(seconds))


@given("the database is two servers, and anybody may read from the second one")
def second_for_readers(inside: Deployment, template: Path) -> None:
    inside.configure(SIGNALS_READERS="open", **limited(**SHORT))
    inside.start_on_two_servers(template, readers=True)
    wait_for(inside, "connected")


@given("the second server lags")
def second_lags(inside: Deployment) -> None:
    inside.servers.hold_second_back()


@given("the second server has been left")
@when("the operator waits until the second server is left")
def second_is_left(inside: Deployment) -> None:
    wait_for(inside, "lags")


@given("the second server has caught up")
def second_catches_up(inside: Deployment) -> None:
    inside.servers.let_second_catch_up()
    wait_for(inside, "connected")


@given("the first server has died")
def first_server_dead(inside: Deployment) -> None:
    inside.servers.kill_first()


@given("the reader has been shown that signal by the first server")
def shown_by_first(paging: Following, conversation: Conversation) -> None:
    """Who waits is served by the server that stores."""
    id = conversation.answer.json()["id"]
    paging.go_on("wait=10")
    assert [signal["id"] for signal in paging.seen] == [id]


@then("the reader stands where it stood")
def stands_where_it_stood(paging: Following) -> None:
    assert paging.cursor == paging.before


@then("the reader is shown that signal")
def shown_at_last(reader: Reader, conversation: Conversation) -> None:
    sent = [answer for answer in conversation.answers if answer.status == 201]
    reader.wait_for(sent[-1].json()["id"])


@then("the reader is shown that signal by the second server")
def shown_by_second(reader: Reader, conversation: Conversation, figures: Figures) -> None:
    before = read_by_second(figures)
    shown_at_last(reader, conversation)
    assert read_by_second(figures) > before


@then("the reader is shown the other signal and nothing else")
def shown_other_alone(paging: Following, reader: Reader, conversation: Conversation) -> None:
    id = conversation.answer.json()["id"]

    def shown() -> bool:
        if reader.read(paging.path()).status == 200:
            paging.go_on()
        return paging.seen != []

    wait_until(shown, "the signal is shown")
    assert [signal["id"] for signal in paging.seen] == [id]


@then("the metrics show how far the second server lags")
def metrics_show_how_far(figures: Figures) -> None:
    assert figures.now()[sample("signals_standby_lag_seconds")] > 1
