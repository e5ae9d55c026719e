"""A process whose writer is dead is of no use: it leaves, and whoever supervises it starts another."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.running.application import JSON, SIGNALS, signal_body
from tests.running.log_lines import LogLine
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess
from tests.running.waiting import DEADLINE_SECONDS, wait_until

PROGRAM = ("-m", "tests.running.serve_with_dying_writer")
STARTED = "Application startup complete."


@pytest.fixture
def directory() -> Iterator[Path]:
    """A working directory, with the place of the file that kills."""
    with tempfile.TemporaryDirectory(prefix="signals-service-") as path:
        yield Path(path)


def serve(directory: Path, database: Database, workers: int) -> ServiceProcess:
    """A service whose writer dies of the next signal once the file `death` is there."""
    settings = {"DATABASE_URL": database.url, "TEST_DEATH": str(directory / "death")}
    service = ServiceProcess(directory, settings, workers=workers, program=PROGRAM, measured=True)
    wait_until(lambda: len(told(service, STARTED)) == workers, "all workers serve")
    return service


def told(service: ServiceProcess, message: str) -> list[LogLine]:
    """The lines with a message."""
    return [line for line in service.log.since(0) if line["message"] == message]


def send_deadly(service: ServiceProcess, directory: Path) -> None:
    """Send a signal that kills the writer which is to store it."""
    (directory / "death").touch()
    with suppress(httpx.TransportError):
        service.client.post(service.url + SIGNALS, headers=JSON, content=signal_body(), timeout=DEADLINE_SECONDS)
    service.log.wait_for_line(lambda line: line["message"] == "Background task died", "who died")
    [line] = told(service, "Background task died")
    assert (line["level"], line["task"], line["error"]) == ("error", "writer", "CancelledError")


def test_a_process_whose_writer_died_leaves_with_an_exit_code_of_its_own(directory: Path, database: Database) -> None:
    service = serve(directory, database, workers=1)
    send_deadly(service, directory)
    assert service.process.wait(DEADLINE_SECONDS) == os.EX_SOFTWARE
    service.log.finish()
    service.client.close()
    service.check()


def test_a_worker_whose_writer_died_is_replaced(directory: Path, database: Database) -> None:
    service = serve(directory, database, workers=2)
    send_deadly(service, directory)
    wait_until(lambda: len(told(service, STARTED)) == 3, "another worker serves")
    for _ in range(20):
        with httpx.Client() as client:
            answer = client.post(service.url + SIGNALS, headers=JSON, content=signal_body())
            assert answer.status_code == 201
    service.stop()
