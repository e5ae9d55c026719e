"""Files and folders that cannot be used are told as such, with their path, and not as a fault of the database."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.kernel.metrics import SHARED_DIRECTORY
from service.server import _shared_figures
from service.settings import SettingsError
from tests.cli.program import PROGRAM, Ended
from tests.cli.test_serving import run_process

DATABASE = "postgresql://nobody@127.0.0.1:1/none"
SERVE = ("serve", "--port", "0")


def run_as_ordinary_user(*arguments: str, directory: Path, **settings: str) -> Ended:
    """Run the program without what lets root read every file."""
    privileges = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    return run_process(*privileges, PROGRAM, *arguments, directory=directory, **settings)


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may look into."""
    folder = tmp_path / "forbidden"
    folder.mkdir(mode=0o000)
    yield folder
    folder.chmod(0o700)


def told(ended: Ended) -> str:
    """What a start says that is refused."""
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.count("\n") == 1
    return ended.errors


@pytest.mark.parametrize("command", [("migrate",), SERVE])
def test_an_env_file_that_must_not_be_read(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / ".env").write_text("APP_ENV=staging\n")
    (tmp_path / ".env").chmod(0o000)
    ended = run_as_ordinary_user(*command, directory=tmp_path)
    assert told(ended) == f"signals: {tmp_path}/.env: Permission denied\n"


def test_a_working_directory_that_must_not_be_written(tmp_path: Path) -> None:
    """For the embedded PostgreSQL."""
    tmp_path.chmod(0o500)
    ended = run_as_ordinary_user("migrate", directory=tmp_path)
    assert told(ended) == f"signals: {tmp_path}/.data: Permission denied\n"


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    program = f"import os; os.rmdir({str(tmp_path / 'gone')!r}); from service.cli import main; main()"
    # Like the command, which looks for no modules where it is called: Python 3.13.0 itself fails where that is gone.
    ended = run_process(sys.executable, "-P", "-c", program, "migrate", directory=tmp_path / "gone")
    assert told(ended) == "signals: The working directory cannot be used: No such file or directory\n"


@pytest.mark.parametrize("command", [("migrate",), SERVE])
def test_a_home_that_must_not_be_read(tmp_path: Path, forbidden: Path, command: tuple[str, ...]) -> None:
    """Certificates and passwords are looked for there."""
    ended = run_as_ordinary_user(*command, directory=tmp_path, HOME=str(forbidden), DATABASE_URL=DATABASE)
    errors = ended.errors.splitlines()[-1]
    assert ended.code == 2
    assert errors.startswith(f"signals: {forbidden}/.postgresql/")
    assert errors.endswith(": Permission denied")


def test_workers_without_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As with a root file system that is read-only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=rf"^--workers: .* {tmp_path}/missing/.*: No such file"), _shared_figures(2):
        pass


def test_a_folder_for_figures_that_others_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of two containers have the same numbers, and would count in the same files."""
    monkeypatch.setenv(SHARED_DIRECTORY, str(tmp_path))
    with pytest.raises(SettingsError, match=rf"^{SHARED_DIRECTORY}: must not be set"), _shared_figures(1):
        pass
