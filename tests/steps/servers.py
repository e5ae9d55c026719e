"""A database of two servers, the second of which confirms what the first one stores."""

from pathlib import Path

from pytest_bdd import given, parsers

from tests.running.deployment import Deployment
from tests.running.service_process import limited
from tests.running.two_servers import ENDS
from tests.steps.words import one_of

SHORT = {
    "connect_seconds": 1,
    "lock_seconds": 0.5,
    "statement_seconds": 0.7,
    "command_seconds": 1,
    "answer_seconds": 3,
}


@given("the database is two servers")
def two_servers(inside: Deployment, template: Path) -> None:
    inside.configure(**limited(**SHORT))
    inside.start_on_two_servers(template)


@given(parsers.re(rf"the second server has taken over because the first one (?P<reason>{one_of(ENDS)})"))
def second_server_leads(inside: Deployment, reason: str) -> None:
    inside.take_over(reason)


@given("the first server has been started anew")
def first_server_restarted(inside: Deployment) -> None:
    inside.servers.restart_first()


@given("the second server has died")
def second_server_dead(inside: Deployment) -> None:
    inside.servers.lose_second()


@given("the second server has come back")
def second_server_back(inside: Deployment) -> None:
    inside.servers.bring_second_back()
