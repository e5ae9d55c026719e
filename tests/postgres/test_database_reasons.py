"""A database that cannot be used says why, to those who run the service; what it says of a row is for nobody."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import orjson
import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from service import cli
from service.kernel.errors import database_reason
from service.kernel.limits import Limits
from service.kernel.logs import _json
from service.operate.readiness import Readiness
from service.postgres.connector import service_connector
from service.postgres.pool import Pool
from service.settings import Settings
from tests.postgres.database_url import with_options
from tests.running.environment import service_environment
from tests.running.postgres import Database
from tests.running.waiting import DEADLINE_SECONDS

LIMITS = Limits()


def logged(error: BaseException) -> dict[str, object]:
    """The line of the log about an error."""
    line: dict[str, object] = orjson.loads(_json("error", "Failed", {"exception": error}))
    return line


async def fault(database: Database, statement: str) -> BaseException:
    """What becomes of a statement in a session of the service."""
    session = await service_connector(database.url, LIMITS)()
    with pytest.raises(asyncpg.PostgresError) as failed:
        await session.execute(statement)
    await session.close()
    error: BaseException = failed.value
    return error


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT * FROM hidden_word", 'relation "hidden_word" does not exist'),
        ("SET statement_timeout = 1; SELECT pg_sleep(5)", "canceling statement due to statement timeout"),
        ("SET TRANSACTION READ ONLY; CREATE TABLE t ()", "cannot execute CREATE TABLE in a read-only transaction"),
        ("SELECT 'hidden-word'::int", None),
        ("SELECT '{hidden-word}'::jsonb", None),
        ("INSERT INTO signals (id) VALUES (gen_random_uuid())", None),
        ("DO $$ BEGIN RAISE 'hidden-word'; END $$", None),
    ],
)
@pytest.mark.anyio
async def test_the_log_repeats_what_the_server_says_of_itself_and_nothing_of_a_row(
    shared_database: Database, statement: str, reason: str | None
) -> None:
    error = await fault(shared_database, statement)
    assert database_reason(error) == reason
    assert logged(error).get("reason") == reason
    assert reason or "hidden-word" not in str(logged(error))


def test_other_errors_stay_silent_about_their_text() -> None:
    assert "reason" not in logged(ValueError("hidden-word"))
    assert "hidden-word" not in str(logged(ValueError("hidden-word")))


@pytest.mark.anyio
async def test_readiness_logs_why_there_is_no_connection(tmp_path: Path, log_lines: list[EventDict]) -> None:
    async with Pool(f"postgresql://keeper:hidden-word@/none?host={tmp_path}", LIMITS, size=2) as pool:
        assert await Readiness(pool, lambda: False, LIMITS).obstacle() == "not reachable"
    [line] = log_lines
    assert logged(line["exception"])["reason"] == f"{tmp_path}: No such file or directory"


RunCommand = Callable[..., tuple[int, str]]


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> RunCommand:
    """Runs the command line with a database; returns its exit code and what it says to people."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, url: str) -> tuple[int, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setattr(sys, "argv", ["signals", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capfd.readouterr().err

    return run


def test_a_host_that_is_not_found_is_told_by_its_name(run_command: RunCommand) -> None:
    code, said = run_command("migrate", url="postgresql://keeper:hidden-word@nowhere.invalid/none")
    assert code == 1
    assert said.startswith("signals: The database cannot be used: nowhere.invalid: ")
    assert said.count("\n") == 1
    assert "hidden-word" not in said


def test_a_role_that_may_not_make_tables_is_told(run_command: RunCommand, empty_database: Database) -> None:
    role = f"reader_{uuid4().hex}"
    empty_database.execute(f"CREATE ROLE {role}")
    try:
        code, said = run_command("migrate", url=with_options(empty_database.url, role=role))
    finally:
        empty_database.execute(f"DROP ROLE {role}")
    assert (code, said) == (1, "signals: The database cannot be used: permission denied for schema public\n")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("jit=off", "jit is no parameter that is known; a setting of the server goes into options"),
        ("sslmode=require&ssl_min_protocol_version=TLSv9", "No such TLS version: TLSv9"),
    ],
)
def test_a_parameter_that_cannot_be_followed_is_told(run_command: RunCommand, query: str, sentence: str) -> None:
    code, said = run_command("migrate", url=f"postgresql://keeper:hidden-word@127.0.0.1/none?{query}")
    assert (code, said) == (2, f"signals: DATABASE_URL: {sentence}\n")


def test_the_service_does_not_start_with_what_asyncpg_cannot_follow(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "service", "serve", "--port", "0"],
        cwd=tmp_path,
        env=service_environment({"DATABASE_URL": "postgresql://127.0.0.1/none?ssl_min_protocol_version=TLSv9"}),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (ended.returncode, ended.stderr) == (2, "signals: DATABASE_URL: No such TLS version: TLSv9\n")


def test_what_is_ignored_in_the_url_is_a_warning_line(shared_database: Database) -> None:
    url = f"{shared_database.url}&channel_binding=require&keepalives=1"
    settings = Settings(_env_file=None, database_url=SecretStr(url))
    assert settings.warnings() == [
        "DATABASE_URL: channel_binding is ignored: asyncpg cannot bind; sslmode=verify-full proves the server too",
        "DATABASE_URL: keepalives is ignored: the service watches over its connections itself",
    ]
