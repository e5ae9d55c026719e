"""`signals producers`, `signals keys`, `signals audit`: what scripts read, what people read, and how each ends."""

import base64
import inspect
import json
import os
import pwd
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import typer.main
from typer.testing import CliRunner, Result

from service.cli import app
from service.cli.administration import operator
from service.kernel.timestamps import utc_text
from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys
from tests.cli.program import Program
from tests.running.postgres import Database

SEALING_KEY = new_sealing_key()

Run = Callable[..., Result]


@pytest.fixture
def settings(database: Database) -> dict[str, str]:
    """What the commands are told by the environment."""
    return {"DATABASE_URL": database.url, "SIGNALS_SEALING_KEYS": SEALING_KEY, "SIGNALS_OPERATOR": "night shift"}


@pytest.fixture
def run(settings: Mapping[str, str]) -> Run:
    """Runs a command in this process."""

    def run(*arguments: str, **more: str) -> Result:
        return CliRunner().invoke(app, [*arguments], env={**settings, **more})

    return run


@pytest.fixture
def told(run: Run) -> Callable[..., Any]:
    """What a command that succeeds tells a script."""

    def told(*arguments: str, **more: str) -> Any:
        result = run(*arguments, "--json", **more)
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1), result.output
        return json.loads(result.stdout)

    return told


KEY_FIELDS = {
    "producer",
    "key_id",
    "state",
    "created_at",
    "ends_at",
    "last_used_at",
    "uses_24h",
    "safe_to_revoke",
}
PRODUCER_FIELDS = {"name", "enabled", "rate", "approval", "duplicates", "note", "created_at", "keys"}


def test_a_producer_is_added_once_and_its_secret_is_told_once(told: Callable[..., Any]) -> None:
    first = told("producers", "add", "alpha", "--rate", "100/s", "--note", "upstairs")
    assert {**first, "key_id": "", "secret": ""} == {"name": "alpha", "created": True, "key_id": "", "secret": ""}
    assert len(base64.urlsafe_b64decode(first["secret"] + "=")) == 32
    again = told("producers", "add", "alpha", "--rate", "1/s")
    assert again == {"name": "alpha", "created": False, "key_id": None, "secret": None}
    shown = told("producers", "show", "alpha")
    assert shown.keys() == PRODUCER_FIELDS
    assert (shown["name"], shown["enabled"], shown["rate"], shown["note"]) == ("alpha", True, "100/s", "upstairs")
    [key] = shown["keys"]
    assert key.keys() == KEY_FIELDS
    assert {**key, "created_at": ""} == {
        "producer": "alpha",
        "key_id": first["key_id"],
        "state": "live",
        "created_at": "",
        "ends_at": None,
        "last_used_at": None,
        "uses_24h": 0,
        "safe_to_revoke": False,
    }
    assert utc_text(datetime.fromisoformat(key["created_at"])) == key["created_at"]
    assert first["secret"] not in str([told("producers", "list"), told("keys", "list", "alpha"), told("audit")])


def test_a_producer_is_changed_and_each_command_is_safe_to_run_twice(told: Callable[..., Any]) -> None:
    told("producers", "add", "alpha")
    for _ in range(2):
        assert told("producers", "disable", "alpha")["enabled"] is False
    assert told("producers", "enable", "alpha")["enabled"] is True
    changed = told("producers", "set", "alpha", "--rate", "30/m", "--note", "moved")
    assert (changed["rate"], changed["note"]) == ("30/m", "moved")
    assert told("producers", "set", "alpha", "--rate", "default")["rate"] is None
    assert [each["name"] for each in told("producers", "list")] == ["alpha"]
    entries = told("audit")
    assert [set(entry) for entry in entries] == [{"at", "by", "command", "what"}] * 5
    assert [(entry["by"], entry["command"]) for entry in entries] == [
        ("night shift", "producers set"),
        ("night shift", "producers set"),
        ("night shift", "producers enable"),
        ("night shift", "producers disable"),
        ("night shift", "producers add"),
    ]
    assert entries[3]["what"] == {"producer": "alpha", "enabled": False}
    assert told("audit", "--limit", "2") == entries[:2]


def test_keys_come_and_go(told: Callable[..., Any], run: Run) -> None:
    first = told("producers", "add", "alpha")["key_id"]
    second = told("keys", "add", "alpha")
    assert second.keys() == {"producer", "key_id", "secret"}
    retiring = told("keys", "retire", first, "--in", "24h")
    assert (retiring["key_id"], retiring["state"]) == (first, "retiring")
    assert utc_text(datetime.fromisoformat(retiring["ends_at"])) == retiring["ends_at"]
    assert told("keys", "retire", first, "--in", "24h") == retiring
    assert told("keys", "revoke", second["key_id"])["state"] == "revoked"
    listed = told("keys", "list", "alpha")
    assert [(key["key_id"], key["state"]) for key in listed] == [(first, "retiring"), (second["key_id"], "revoked")]
    assert all(key.keys() == KEY_FIELDS for key in listed)
    assert run("keys", "list", "alpha").stdout.splitlines()[1].split("\t")[:2] == [second["key_id"], "revoked"]


def test_the_sealing_key_is_turned(told: Callable[..., Any]) -> None:
    told("producers", "add", "alpha")
    newer = told("keys", "new-sealing-key")["sealing_key"]
    assert len(parse_sealing_keys(newer)[0]) == 32
    turning = {"SIGNALS_SEALING_KEYS": f"{newer},{SEALING_KEY}"}
    assert told("keys", "reseal", **turning) == {"keys": 1, "resealed": 1}
    assert told("keys", "reseal", **turning) == {"keys": 1, "resealed": 0}
    assert told("keys", "list", "alpha")[0]["state"] == "sealed"
    assert told("keys", "list", "alpha", SIGNALS_SEALING_KEYS=newer)[0]["state"] == "live"


def test_after_a_restored_dump_all_older_keys_are_revoked_together(told: Callable[..., Any], run: Run) -> None:
    told("producers", "add", "alpha")
    moment = utc_text(datetime.now(UTC))
    told("producers", "add", "beta")
    result = run("keys", "revoke", "--before", moment, "--json")
    assert json.loads(result.stdout) == {"revoked": 1}
    assert "revokes every key that was made or last changed before" in result.stderr
    assert told("keys", "list", "alpha")[0]["state"] == "revoked"
    assert told("keys", "list", "beta")[0]["state"] == "live"


@pytest.mark.parametrize(("answer", "code", "state"), [("y\n", 0, "revoked"), ("n\n", 1, "live")])
def test_at_a_terminal_it_asks_first(
    told: Callable[..., Any], alone: Program, settings: dict[str, str], answer: str, code: int, state: str
) -> None:
    told("producers", "add", "alpha")
    alone.settings = settings
    ended = alone.run_on_terminal("keys", "revoke", "--before", "2200-01-01T00:00:00Z", typed=answer.encode())
    assert ended.code == code
    assert "Go on?" in ended.errors
    assert told("keys", "list", "alpha")[0]["state"] == state


def test_people_are_told_beside_what_is_to_be_pasted(run: Run) -> None:
    result = run("producers", "add", "it's-me")
    name, secret = result.stdout.splitlines()
    assert name == """SIGNALS_PRODUCER_ID='it'"'"'s-me'"""
    assert secret.startswith("HMAC_PRODUCER_SECRET=")
    assert "shown this once" in result.stderr
    assert secret.partition("=")[2] not in result.stderr
    again = run("producers", "add", "it's-me")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("producers", "show", "nobody"), "There is no producer nobody"),
        (("producers", "disable", "nobody"), "There is no producer nobody"),
        (("producers", "set", "nobody", "--rate", "1/s"), "There is no producer nobody"),
        (("keys", "add", "nobody"), "There is no producer nobody"),
        (("keys", "list", "nobody"), "There is no producer nobody"),
        (("keys", "revoke", str(uuid4())), "There is no key"),
        (("keys", "retire", str(uuid4()), "--in", "1h"), "There is no key"),
    ],
)
def test_what_the_state_of_things_refuses_ends_with_1(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("producers", "add", "with blank"),
        ("producers", "add", "x" * 65),
        ("producers", "add", ""),
        ("producers", "add", "alpha", "--rate", "100"),
        ("producers", "set", "alpha"),
        ("producers", "set", "alpha", "--rate", "0/s"),
        ("keys", "retire", "no-key", "--in", "1h"),
        ("keys", "retire", str(uuid4())),
        ("keys", "retire", str(uuid4()), "--in", "soon"),
        ("keys", "revoke"),
        ("keys", "revoke", str(uuid4()), "--before", "2026-01-31T12:00:00Z"),
        ("keys", "revoke", "--before", "yesterday"),
        ("audit", "--limit", "0"),
    ],
)
def test_a_wrong_command_line_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("keys", ["", "abc", f"{SEALING_KEY},"], ids=["none", "no key", "an empty second one"])
def test_wrong_sealing_keys_end_with_2_and_are_not_repeated(run: Run, keys: str) -> None:
    result = run("producers", "add", "alpha", SIGNALS_SEALING_KEYS=keys)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("signals: SIGNALS_SEALING_KEYS: ")
    assert SEALING_KEY not in result.stderr


def test_a_sixth_key_ends_with_1(run: Run, database: Database) -> None:
    assert run("producers", "add", "alpha").exit_code == 0
    database.execute(
        "INSERT INTO producer_keys (id, producer, sealed) "
        "SELECT gen_random_uuid(), producer, sealed FROM producer_keys, generate_series(1, 4)"
    )
    result = run("keys", "add", "alpha", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "5 keys" in result.stderr


def test_a_database_that_cannot_be_used_ends_with_3(run: Run, empty_database: Database) -> None:
    away = run("producers", "list", DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert (away.exit_code, away.stdout) == (3, "")
    empty = run("producers", "list", DATABASE_URL=empty_database.url)
    assert (empty.exit_code, empty.stdout) == (3, "")
    assert "run `signals migrate`" in empty.stderr


def test_who_gives_a_command_is_the_user_of_the_system_or_who_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNALS_OPERATOR", raising=False)
    assert operator() == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "getuid", lambda: 1000770000)  # as containers may run
    assert operator() == "uid 1000770000"
    monkeypatch.setenv("SIGNALS_OPERATOR", "night shift")
    assert operator() == "night shift"


def commands(group: Any, path: str = "") -> list[tuple[str, Any]]:
    """All commands, with those of groups."""
    found = []
    for name, command in group.commands.items():
        inner = hasattr(command, "commands")
        found += commands(command, f"{path}{name} ") if inner else [(f"{path}{name}", command)]
    return found


def test_no_command_takes_a_secret_as_an_argument() -> None:
    for name, command in commands(typer.main.get_group(app)):
        taken = {parameter.name for parameter in command.params} & {"secret", "sealing_key", "sealing_keys", "token"}
        assert not taken, name


def test_each_command_has_an_example() -> None:
    for name, command in commands(typer.main.get_group(app)):
        assert f"signals {name}" in inspect.cleandoc(command.help), name
