"""`signals serve` as a process that is killed, stopped and started again on the same port."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.running import confidential
from tests.running.environment import service_environment, unmeasured
from tests.running.waiting import DEADLINE_SECONDS

SECRET = b"the-secret-of-the-reliability-tests-is-long-enough"


class Service:
    """The service on a database and a port; its log is in `folder`."""

    def __init__(
        self, folder: Path, database_url: str, port: int, *, workers: int, signing: bool, **settings: str
    ) -> None:
        self.port = port
        self._folder = folder
        self._settings = {
            "DATABASE_URL": database_url,
            "SIGNALS_READERS": "open",
            "HMAC_PRODUCER_ENABLED": str(signing),
            "HMAC_PRODUCER_SECRET": SECRET.decode(),
            "TMPDIR": str(folder),
            **settings,
        }
        self._workers = workers
        confidential.note_secret(SECRET)
        self._process: subprocess.Popen[bytes] | None = None
        self._orphans: list[psutil.Process] = []

    @property
    def _log(self) -> Path:
        return self._folder / f"service-{self.port}.log"

    def start(self) -> None:
        """Start the process; requests are answered a moment later."""
        program = [sys.executable, "-m", "service", "serve", "--port", str(self.port), "--workers", str(self._workers)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                program,
                env=unmeasured(service_environment(self._settings)),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """`kill -9`; returns when the process is gone."""
        assert self._process is not None
        self._orphans += self.family()
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)

    def freeze(self) -> None:
        """SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the process go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def terminate(self) -> None:
        """SIGTERM, as an orchestrator sends it."""
        assert self._process is not None
        self._process.terminate()

    def family(self) -> list[psutil.Process]:
        """What the process has started: the workers, and a helper of Python's."""
        assert self._process is not None
        children: list[psutil.Process] = psutil.Process(self._process.pid).children()
        return children

    def busy_workers(self) -> list[int]:
        """The ids of the worker processes that have a connection with a producer now."""
        assert self._process is not None
        return [child.pid for child in psutil.Process(self._process.pid).children() if _connected(child)]

    def end(self) -> None:
        """Get rid of whatever is still running, and look for what must not be in the log."""
        if self.running:
            self.kill()
        for process in self._orphans:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        confidential.check_text(self._log.read_bytes(), "the log")


def _connected(process: psutil.Process) -> bool:
    try:
        return any(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp"))
    except psutil.NoSuchProcess:
        return False
