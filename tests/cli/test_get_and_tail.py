"""`signals get` and `signals tail`: what is shown, to whom, and how each ends."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner, Result

from service.cli import app
from service.kernel.timestamps import utc_text
from tests.cli.program import Program, without_colours
from tests.client.shared import SHOWN, Store
from tests.readers.known import add
from tests.running.deployment import Deployment
from tests.running.waiting import DEADLINE_SECONDS

Run = Callable[..., Result]


@pytest.fixture
def run(deployment: Deployment) -> Run:
    """Runs a command in this process."""

    def run(*arguments: str, **settings: str) -> Result:
        return CliRunner().invoke(app, arguments, env={"SIGNALS_URL": deployment.url, **settings})

    return run


@pytest.fixture
def program(tmp_path: Path, open_to_all: Deployment) -> Program:
    """The program beside such a service."""
    return Program(tmp_path, {"SIGNALS_URL": open_to_all.url})


@pytest.mark.usefixtures("open_to_all")
def test_a_signal_is_shown_with_every_digit(run: Run, store: Store, instrument: str) -> None:
    id = store(side=1)
    shown = run("get", id, "--json")
    assert (shown.exit_code, shown.stderr, shown.stdout.count("\n")) == (0, "", 1)
    assert f'"payload":{SHOWN}' in shown.stdout
    told = json.loads(shown.stdout)
    assert (told["id"], told["instrument"], told["side"], told["status"]) == (id, instrument, 1, 0)
    rows = dict(line.split("\t") for line in run("get", id).stdout.splitlines())
    assert rows["id"] == id
    assert rows["payload"] == SHOWN
    assert rows.keys() == told.keys()


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("id", ["00000000-0000-7000-8000-000000000000", "gold", "../feed"])
def test_what_there_is_not_is_told(run: Run, id: str) -> None:
    shown = run("get", id)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("refused not_found (404): ")


@pytest.mark.usefixtures("open_to_all")
def test_nothing_hides_or_moves_what_stands_around_it(run: Run, store: Store) -> None:
    id = store(payload='{"note": "\\u0085 \\u202e \\u009b31m é 金"}')
    shown = run("get", id).stdout
    assert "\\u0085 \\u202e \\u009b31m é 金" in shown


def test_a_service_that_is_away_is_tried_for_a_while_and_told(run: Run) -> None:
    for command in (["get", str(uuid4())], ["tail"], ["tail", "--from", "1h"], ["export"]):
        shown = run(*command, "--url", "http://127.0.0.1:1", "--retry-seconds", "0.1")
        assert (shown.exit_code, shown.stdout) == (3, "")
        assert "note The service cannot be reached: " in shown.stderr
        assert shown.stderr.splitlines()[-1].startswith("failed The service cannot be reached: ")


def test_a_token_comes_from_the_environment_or_from_a_file(
    deployment: Deployment, portal: BlockingPortal, run: Run, store: Store, instrument: str, tmp_path: Path
) -> None:
    id = store()
    token = portal.call(add, deployment.database, f"reader-of-{instrument}")
    (tmp_path / "token").write_text(f"{token}\n")
    (tmp_path / "empty").touch()
    assert run("get", id, SIGNALS_READER_TOKEN=token).exit_code == 0
    assert run("get", id, SIGNALS_READER_TOKEN_FILE=str(tmp_path / "token")).exit_code == 0
    for missing in (run("get", id), run("tail"), run("export")):
        assert (missing.exit_code, missing.stderr.split(" ")[1]) == (1, "token_missing")
    wrong = run("get", id, SIGNALS_READER_TOKEN="signals_reader_" + "0" * 43)
    assert (wrong.exit_code, wrong.stderr.split(" ")[1]) == (1, "token_invalid")
    for settings in (
        {"SIGNALS_READER_TOKEN_FILE": str(tmp_path / "empty")},
        {"SIGNALS_READER_TOKEN_FILE": str(tmp_path / "nowhere")},
        {"SIGNALS_READER_TOKEN_FILE": str(tmp_path / "token"), "SIGNALS_READER_TOKEN": token},
        {"SIGNALS_READER_TOKEN": "two words"},
    ):
        refused = run("get", id, **settings)
        assert (refused.exit_code, token in refused.output) == (2, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["tail", "--from", "yesterday"],
        ["tail", "--from", "2026-01-31T12:00:00"],
        ["tail", "--instrument", "gold"],
        ["tail", "--token", "hidden"],
        ["tail", "--url", "signals.example"],
        ["get"],
        ["export", "--format", "xlsx"],
        ["export", "--from", "soon"],
        ["export", "--payload", "[]"],
        ["export", "--producer", "two words"],
    ],
)
@pytest.mark.usefixtures("open_to_all")
def test_a_wrong_command_line_is_told(run: Run, arguments: list[str]) -> None:
    shown = run(*arguments)
    assert (shown.exit_code, shown.stdout) == (2, ""), shown.output


def next_line(process: "subprocess.Popen[bytes]") -> str:
    """The next line that a program writes, within the time limit. No more is read than that, so that what came with it
    is still there to be waited for."""
    assert process.stdout is not None
    line = b""
    while not line.endswith(b"\n"):
        assert select.select([process.stdout], [], [], DEADLINE_SECONDS)[0]
        line += os.read(process.stdout.fileno(), 1) or b" ended\n"
    return line.decode()


def test_signals_are_shown_as_they_come_until_somebody_has_seen_enough(
    program: Program, store: Store, instrument: str
) -> None:
    first = store()
    process = program.start("tail", "--json", "--from", "1h", "--instrument", f"{instrument}*")
    told = json.loads(next_line(process), parse_float=str)
    assert (told["event"], told["id"]) == ("signal", first)
    assert told["payload"]["long"] == "0.1234567890123456789012345"
    second = store()
    later = json.loads(next_line(process))
    assert later["id"] == second
    assert later["cursor"] != told["cursor"]
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, output, errors) == (0, b"", b"")


def test_buy_and_sell_are_told_apart_by_more_than_colour(program: Program, store: Store, instrument: str) -> None:
    ids = [store(side=0, payload='{"n": 1.0}'), store(side=1)]
    process = program.start("tail", "--from", "1h", "--instrument", instrument)
    bought, sold = (next_line(process).rstrip("\n").split("\t") for _ in range(2))
    process.kill()
    process.communicate()
    assert bought[1:] == ["buy", instrument, "my-bot", '{"n":1.0}', ids[0], "new"]
    assert sold[1:3] == ["sell", instrument]


def test_a_terminal_shows_colours_and_shapes(program: Program, store: Store, instrument: str) -> None:
    store(side=0)
    store(side=1)
    ended = program.run_on_terminal("tail", "--from", "1h", "--instrument", instrument, enough="▼ sell")
    assert "\x1b[1;32m▲ buy" in ended.errors
    assert "\x1b[1;31m▼ sell" in ended.errors
    assert f"▲ buy   {instrument}" in without_colours(ended.errors)
    assert ended.code == 0


def test_a_time_to_begin_at_may_be_written_in_full(program: Program, store: Store, instrument: str) -> None:
    id = store()
    since = utc_text(datetime.now(UTC) - timedelta(minutes=5))
    process = program.start("tail", "--json", "--from", since, "--instrument", instrument, "--producer", "my-bot")
    assert json.loads(next_line(process))["id"] == id
    process.kill()
    process.communicate()


def test_who_may_approve_decides(
    deployment: Deployment, portal: BlockingPortal, run: Run, store: Store, instrument: str
) -> None:
    id, other = store(), store()
    name = f"desk-of-{instrument}"
    token = portal.call(lambda: add(deployment.database, name, may=["approve"]))
    approved = run("approve", id, "--reason", "fine", "--json", SIGNALS_READER_TOKEN=token)
    assert (approved.exit_code, approved.stderr) == (0, "")
    told = json.loads(approved.stdout)
    assert (told["signal_id"], told["status"], told["by"], told["reason"]) == (id, 1, name, "fine")
    rejected = run("reject", other, "--reason", "too late", SIGNALS_READER_TOKEN=token)
    rows = dict(line.split("\t") for line in rejected.stdout.splitlines())
    assert (rows["signal_id"], rows["status"], rows["reason"]) == (other, "2", "too late")
    refused = run("approve", other, SIGNALS_READER_TOKEN=token)
    assert (refused.exit_code, refused.stderr.split(" ")[1]) == (1, "transition_refused")
    assert run("reject", id, SIGNALS_READER_TOKEN=token).exit_code == 2
