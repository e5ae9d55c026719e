"""`signals readers`: what scripts read, what people read, and how each ends."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.kernel.timestamps import utc_text
from service.readers.tokens import FORM
from tests.running.postgres import Database

Run = Callable[..., Result]

LISTED = {"name", "created", "instruments", "producers", "may", "state", "created_at"}


@pytest.fixture
def run(database: Database) -> Run:
    """Runs a command in this process."""
    settings = {"DATABASE_URL": database.url, "SIGNALS_OPERATOR": "night shift"}
    return lambda *arguments: CliRunner().invoke(app, [*arguments], env=settings)


@pytest.fixture
def told(run: Run) -> Callable[..., Any]:
    """What a command that succeeds tells a script."""

    def told(*arguments: str) -> Any:
        result = run(*arguments, "--json")
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1), result.output
        return json.loads(result.stdout)

    return told


def test_a_reader_is_added_once_and_its_token_is_told_once(told: Callable[..., Any], run: Run) -> None:
    scope = ("--instrument", "XAU*", "--instrument", "EURUSD", "--producer", "my-bot")
    first = told("readers", "add", "alpha", *scope)
    shown = {"name": "alpha", "instruments": ["XAU*", "EURUSD"], "producers": ["my-bot"], "may": []}
    assert {**first, "token": ""} == {**shown, "created": True, "token": ""}
    assert re.fullmatch(FORM, first["token"])
    again = told("readers", "add", "alpha", "--instrument", "GBPUSD")
    assert again == {**shown, "created": False, "token": None}
    [listed] = told("readers", "list")
    assert listed.keys() == LISTED
    assert shown.items() <= listed.items()
    assert (listed["created"], listed["state"]) == (False, "live")
    assert utc_text(datetime.fromisoformat(listed["created_at"])) == listed["created_at"]
    told_since = str([listed, told("audit"), run("readers", "list").output])
    assert first["token"] not in told_since
    assert told("audit")[0]["what"] == {"reader": "alpha", **{key: shown[key] for key in shown if key != "name"}}


def test_without_a_scope_a_reader_may_read_everything(told: Callable[..., Any]) -> None:
    made = told("readers", "add", "alpha")
    assert (made["instruments"], made["producers"], made["may"]) == ([], [], [])


def test_a_token_is_replaced(told: Callable[..., Any]) -> None:
    first = told("readers", "add", "alpha")
    second = told("readers", "rotate", "alpha", "--in", "24h")
    assert second.keys() == first.keys() | {"ends_at"}
    assert re.fullmatch(FORM, second["token"])
    assert second["token"] != first["token"]
    until_then = datetime.fromisoformat(second["ends_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < until_then <= timedelta(hours=24)
    assert told("readers", "rotate", "alpha", "--in", "24h")["token"] not in {first["token"], second["token"]}


def test_a_reader_is_revoked_and_that_is_safe_to_do_twice(told: Callable[..., Any], run: Run) -> None:
    told("readers", "add", "alpha")
    for _ in range(2):
        revoked = told("readers", "revoke", "alpha")
        assert revoked.keys() == LISTED
        assert (revoked["name"], revoked["state"]) == ("alpha", "revoked")
    assert told("readers", "list") == [revoked]
    entries = [(entry["by"], entry["command"]) for entry in told("audit")]
    assert entries == [("night shift", "readers revoke"), ("night shift", "readers add")]
    assert run("readers", "rotate", "alpha", "--in", "1h").exit_code == 1
    assert told("readers", "add", "alpha")["token"] is None


def test_people_are_told_beside_what_is_to_be_pasted(run: Run) -> None:
    made = run("readers", "add", "alpha", "--instrument", "XAU*")
    variable, _, token = made.stdout.strip().partition("=")
    assert variable == "SIGNALS_READER_TOKEN"
    assert re.fullmatch(FORM, token)
    assert "shown this once" in made.stderr
    assert token not in made.stderr
    again = run("readers", "add", "alpha")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "is there already" in again.stderr
    rotated = run("readers", "rotate", "alpha", "--in", "15m")
    assert rotated.stdout.startswith("SIGNALS_READER_TOKEN=")
    assert "The one before ends at" in rotated.stderr
    assert run("readers", "list").stdout.split("\t")[:5] == ["alpha", "live", "XAU*", "-", "-"]
    assert run("readers", "revoke", "alpha").stdout.split("\t")[1] == "revoked"


@pytest.mark.parametrize("arguments", [("rotate", "nobody", "--in", "1h"), ("revoke", "nobody")])
def test_what_the_state_of_things_refuses_ends_with_1(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("readers", *arguments, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "There is no reader nobody" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "with blank"),
        ("add", "x" * 65),
        ("add", ""),
        ("add", "alpha", "--instrument", "xauusd"),
        ("add", "alpha", "--instrument", "X"),
        ("add", "alpha", "--instrument", ""),
        ("add", "alpha", "--instrument", "X*U"),
        ("add", "alpha", "--instrument", "XAU**"),
        ("add", "alpha", "--instrument", "X" * 21),
        ("add", "alpha", "--producer", "with blank"),
        ("rotate", "alpha"),
        ("rotate", "alpha", "--in", "soon"),
    ],
)
def test_a_wrong_command_line_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("readers", *arguments).exit_code == 2


def test_a_database_without_the_tables_ends_with_3(empty_database: Database) -> None:
    result = CliRunner().invoke(app, ["readers", "list"], env={"DATABASE_URL": empty_database.url})
    assert (result.exit_code, result.stdout) == (3, "")
    assert "run `signals migrate`" in result.stderr
