"""The installed program, run as a producer's developer runs it: with pipes, or with a terminal."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.running.environment import is_measured, service_environment
from tests.running.preloaded import PreloadedProcess
from tests.running.waiting import DEADLINE_SECONDS

PROGRAM = str(Path(sys.executable).with_name("signals"))

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        """The lines of its output."""
        return self.output.splitlines()


class Program:
    """Runs the program in a directory of its own, where it knows no settings but those given."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        self.directory = directory
        self.settings = dict(settings)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start it with pipes."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return self._start(arguments, self._environment, **pipes)

    def _start(
        self, arguments: Sequence[str], environment: Mapping[str, str], **streams: int
    ) -> "subprocess.Popen[bytes]":
        """With Ctrl-C as usual: a shell lets what it starts in the background ignore that."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen([PROGRAM, *arguments], cwd=self.directory, env=environment, **streams)  # type: ignore[call-overload, no-any-return]
        finally:
            signal.signal(signal.SIGINT, before)

    def run(self, *arguments: str, given: bytes = b"") -> Ended:
        """Run it to its end, with `given` on standard input."""
        code, output, errors = self._run(arguments, given)
        return Ended(code, output.decode(), errors.decode())

    def run_raw(self, *arguments: str) -> bytes:
        """What it writes, byte for byte; it succeeds."""
        code, output, _ = self._run(arguments, b"")
        assert code == 0
        return output

    def _run(self, arguments: Sequence[str], given: bytes) -> tuple[int, bytes, bytes]:
        if is_measured(self._environment):
            process = self.start(*arguments)
            output, errors = process.communicate(given, timeout=DEADLINE_SECONDS)
            return process.returncode, output, errors
        with ExitStack() as stack:
            streams = [stack.enter_context(TemporaryFile()) for _ in range(3)]
            streams[0].write(given)
            streams[0].seek(0)
            loaded = PreloadedProcess("service", *arguments, env=self._environment, cwd=self.directory, streams=streams)
            code = loaded.wait(DEADLINE_SECONDS)
            for stream in streams:
                stream.seek(0)
            return code, streams[1].read(), streams[2].read()

    def run_on_terminal(
        self,
        *arguments: str,
        given: bytes | None = None,
        output_to_pipe: bool = False,
        typed: bytes = b"",
        enough: str | None = None,
    ) -> Ended:
        """Run it on a terminal of 120 columns, at which `typed` is typed, and whose text is in `errors`; `given` comes,
        and its standard output may go, through a pipe instead. It is interrupted when there is `enough` to read."""
        ours, theirs = pty.openpty()
        with self._start(
            arguments,
            {**self._environment, "TERM": "xterm-256color", "COLUMNS": "120"},
            stdin=theirs if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE if output_to_pipe else theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            os.write(ours, typed)
            if process.stdin is not None:
                process.stdin.write(given or b"")
                process.stdin.close()
            shown = _read_all(ours, enough, process)
            output = process.stdout.read() if process.stdout is not None else b""
        return Ended(process.returncode, output.decode(), shown)

    @property
    def _environment(self) -> dict[str, str]:
        return service_environment(self.settings)


def _read_all(terminal: int, enough: str | None, process: "subprocess.Popen[bytes]") -> str:
    chunks = []
    try:
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
            if enough is not None and enough in b"".join(chunks).decode():
                process.send_signal(signal.SIGINT)
    except OSError:  # on Linux the end of a terminal is an error
        pass
    os.close(terminal)
    return b"".join(chunks).decode()


def without_colours(text: str) -> str:
    """What is read on a terminal."""
    return _CONTROL.sub("", text)
