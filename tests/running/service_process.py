"""The service as it runs in production: a process of its own, reached over TCP, heard through its log."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import httpx

from tests.running import confidential
from tests.running.environment import service_environment, unmeasured
from tests.running.log_lines import LogLines
from tests.running.preloaded import PreloadedProcess
from tests.running.waiting import DEADLINE_SECONDS, wait_until

SERVE = ("-m", "service", "serve")
SERVE_WITH_CLOCK = ("-m", "tests.running.serve_with_clock")
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""To load the usual ones takes longer than some tests, and nothing here speaks TLS."""

CLOCK, LIMITS = "TEST_CLOCK", "TEST_LIMITS"
"""What this one knows beside the settings of the service."""


def limited(**limits: float) -> Mapping[str, str]:
    """Settings of a service with other limits (`service.kernel.limits`), so that a test need not wait them out."""
    return {LIMITS: json.dumps(limits)}


def _started(
    arguments: Sequence[str], environment: Mapping[str, str], directory: Path, streams: Sequence[IO[bytes]]
) -> "subprocess.Popen[bytes]":
    given, output, errors = streams
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, cwd=directory, stdin=given, stdout=output, stderr=errors
    )


class ServiceProcess:
    """A running service. It listens on a free port that it chose itself, and knows no settings but those given.
    Where the tests are about how a process starts and ends, its coverage is `measured`; elsewhere it is not loaded
    anew each time."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str],
        *,
        workers: int = 1,
        program: tuple[str, ...] | None = None,
        measured: bool = False,
    ) -> None:
        environment = service_environment(settings)
        program = program or (SERVE_WITH_CLOCK if {CLOCK, LIMITS} & settings.keys() else SERVE)
        confidential.note_secret(settings.get("HMAC_PRODUCER_SECRET", "").encode())
        self._errors = directory / "stderr"
        arguments = [*program, "--host", "127.0.0.1", "--port", "0", "--workers", str(workers)]
        output, its_output = map(os.fdopen, os.pipe(), ("rb", "wb"))
        with Path(os.devnull).open("rb") as nothing, its_output, self._errors.open("wb") as errors:
            streams = (nothing, its_output, errors)
            self.process = (
                _started(arguments, environment, directory, streams)
                if measured or program[0] != "-m"
                else PreloadedProcess(*arguments[1:], env=unmeasured(environment), cwd=directory, streams=streams)
            )
        self.log = LogLines(output)
        self.client = httpx.Client(timeout=DEADLINE_SECONDS, verify=_NO_CERTIFICATES)
        self._told_to_stop = False
        self._last_figures = b""
        try:
            listening = self.log.wait_for_line(lambda line: line["message"] == "Listening", "where it listens")
        except AssertionError:
            self._end()
            self.check()
            raise
        self.port: int = listening["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def answers(self, path: str, status: int = 200) -> bool:
        """Whether a GET of `path` is answered with `status` now."""
        try:
            return self.client.get(self.url + path).status_code == status
        except httpx.TransportError:
            return False

    def wait_until_alive(self) -> None:
        """Wait until the service answers at all."""
        wait_until(lambda: self.answers("/api/v1/health"), "the service is alive")

    def wait_until_ready(self) -> None:
        """Wait until the service can store signals."""
        wait_until(lambda: self.answers("/api/v1/ready"), "the service is ready")

    def check(self, since: int = 0) -> None:
        """Fail when the process wrote to its standard error, or badly to its log, from line number `since` on."""
        errors = self._errors.read_text()
        assert not errors, f"the service wrote to standard error:\n{errors}"
        self.log.check(since)

    def tell_to_stop(self, *, hang_up: bool = False) -> None:
        """Ask the process to stop, as an orchestrator does; once is enough. A service that has idle connections waits a
        moment for requests that might be on their way; it is spared that if its client hangs up."""
        if not self._told_to_stop:
            self._told_to_stop = True
            with suppress(httpx.TransportError):
                self._last_figures = self.client.get(f"{self.url}/metrics", timeout=2).content
            if hang_up:
                self.client.close()
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stop the process, check that it left in good order, and that it has told nobody what is confidential."""
        self.tell_to_stop(hang_up=True)
        try:
            status = self.process.wait(DEADLINE_SECONDS)
        finally:
            self._end()
        self.check()
        assert status == 0, f"the service ended with status {status}"
        confidential.check_text(self.log.text(0).encode("utf-8", "surrogatepass"), "the log")
        confidential.check_text(self._last_figures, "a metric")

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.client.close()
        self.log.finish()
