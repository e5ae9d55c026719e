"""Programs of the service that start in a process which has loaded it before: loading is most of what a start takes.

    python -m tests.running.preloaded SOCKET

holds the loaded code, and runs each program that it is told of at the socket in a copy of itself.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

from tests.running.environment import ROOT, service_environment, unmeasured

LOADED = ("service.cli", "service.server", "uvicorn.protocols.http.httptools_impl")
MESSAGE_BYTES = 128 * 1024


class Start(NamedTuple):
    """What is run: a module, as `python -m` would, with arguments."""

    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: str


class PreloadedProcess:
    """A program that runs, told of and asked like a `subprocess.Popen`. It inherits three streams."""

    def __init__(
        self, module: str, *arguments: str, env: Mapping[str, str], cwd: Path, streams: Sequence[IO[bytes]]
    ) -> None:
        self._ended, ended = os.pipe()
        start = Start(module, arguments, env, str(cwd))
        control = _control()
        socket.send_fds(control, [json.dumps(start).encode()], [*(stream.fileno() for stream in streams), ended])
        os.close(ended)
        self.pid = int(control.recv(MESSAGE_BYTES))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it has ended, as `subprocess` says it; None while it runs."""
        return self._returncode(0)

    def wait(self, timeout: float | None = None) -> int:
        """The same, at its end. Raises TimeoutExpired when that does not come within so many seconds."""
        code = self._returncode(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def _returncode(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], seconds)[0]:
            self.returncode = int(os.read(self._ended, 10))
            os.close(self._ended)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs still."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@cache
def _control() -> socket.socket:
    """The way to the process that holds the loaded code. It ends with the process that has called this."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.running.preloaded", str(theirs.fileno())],
            cwd=ROOT,
            env=unmeasured(service_environment({})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        keeper.wait()

    atexit.register(end)
    return ours


class Keeper:
    """Holds the loaded code. Tells of each copy the number of its process, and at its end its status."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._ended: dict[int, int] = {}
        self._woken, self._wake = socket.socketpair()
        self._wake.setblocking(False)

    def copy(self) -> tuple[Start, Sequence[int]] | None:
        """Comes back in each copy with what it is to run, and its streams; and with None when no more are wanted."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno())
        while True:
            ready, _, _ = select.select([self._control, self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(MESSAGE_BYTES)
                self._tell_who_has_ended()
            if self._control not in ready:
                continue
            message, files, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 4)
            if not message:
                return None
            *streams, ended = files
            if not (pid := os.fork()):
                os.close(ended)
                self._forget()
                return Start(*json.loads(message)), streams
            self._ended[pid] = ended
            for stream in streams:
                os.close(stream)
            self._control.send(str(pid).encode())

    def _tell_who_has_ended(self) -> None:
        for pid in [*self._ended]:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                with os.fdopen(self._ended.pop(pid), "w") as ended:
                    ended.write(str(os.waitstatus_to_exitcode(status)))

    def _forget(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for closing in (self._control, self._woken, self._wake):
            closing.close()
        for ended in self._ended.values():
            os.close(ended)


def _become(start: Start, streams: Sequence[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(start.directory)
    os.environ.clear()
    os.environ.update(start.environment)
    time.tzset()
    sys.argv[1:] = start.arguments
    runpy.run_module(start.module, run_name="__main__", alter_sys=True)


def main() -> None:
    """Hold the loaded code until nobody is at the socket."""
    for name in LOADED:
        import_module(name)
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as control:
        copy = Keeper(control).copy()
    if copy is not None:
        _become(*copy)


if __name__ == "__main__":
    main()
