"""A key is replaced while signals come in, at two processes whose clocks disagree: none is refused before its time, and
none is taken after it."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from service.client.signature import ProducerSignature
from service.notation.sealing_keys import new_sealing_key
from tests.cli.program import Program
from tests.running.postgres import Database
from tests.running.service_process import CLOCK, ServiceProcess
from tests.running.waiting import wait_until

SEALING_KEY = new_sealing_key()
APART = timedelta(minutes=2)
"""How far one clock is ahead and the other behind: both within the window of what is signed in the middle."""


@dataclass
class Sender:
    """A producer that sends to each service in turn, without a pause, until it is told to stop."""

    urls: list[str]
    signature: ProducerSignature
    answers: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        body = {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}
        with httpx.Client() as client:
            for url in cycle(self.urls):
                if self._stop.is_set():
                    return
                sent = time.monotonic()
                status = client.post(f"{url}/api/v1/signals", json=body, auth=self.signature).status_code
                self.answers.append((sent, status))

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()

    def statuses(self, since: float = 0) -> set[int]:
        """How signals were answered that were sent since then."""
        return {status for sent, status in self.answers if sent >= since}

    def wait_for_more(self) -> None:
        """Wait until some more were answered."""
        count = len(self.answers) + 20
        wait_until(lambda: len(self.answers) > count, "more signals are sent")


@pytest.fixture(name="services")
def _services(database: Database) -> Iterator[list[ServiceProcess]]:
    """Two services on one database, the clock of one ahead and that of the other behind."""
    with ExitStack() as stack:
        found = []
        for apart in (APART, -APART):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "clock").write_text((datetime.now(UTC) + apart).isoformat())
            settings = {
                "DATABASE_URL": database.url,
                "HMAC_PRODUCER_ENABLED": "true",
                "SIGNALS_SEALING_KEYS": SEALING_KEY,
                CLOCK: str(folder / "clock"),
            }
            found.append(ServiceProcess(folder, settings))
            stack.callback(found[-1].stop)
        for service in found:
            service.wait_until_ready()
        yield found


def test_a_key_is_replaced_under_load_without_a_refusal(
    database: Database, services: list[ServiceProcess], tmp_path: Path
) -> None:
    program = Program(tmp_path, {"DATABASE_URL": database.url, "SIGNALS_SEALING_KEYS": SEALING_KEY})
    urls = [service.url for service in services]

    def made(*arguments: str) -> tuple[str, str]:
        ended = program.run(*arguments)
        assert ended.code == 0, ended.errors
        return ended.lines[1].partition("=")[2], ended.errors.split()[1]

    secret, old_key = made("producers", "add", "alpha")
    with ExitStack() as stack:
        old = Sender(urls, ProducerSignature("alpha", secret))
        stack.callback(old.stop)
        old.wait_for_more()
        secret, _ = made("keys", "add", "alpha")
        new = Sender(urls, ProducerSignature("alpha", secret))
        stack.callback(new.stop)
        for sender in (old, new):
            sender.wait_for_more()
        assert program.run("keys", "retire", old_key, "--in", "1h").code == 0
        old.wait_for_more()
        assert old.statuses() == {201}
        assert program.run("keys", "revoke", old_key).code == 0
        revoked = time.monotonic()
        for sender in (old, new):
            sender.wait_for_more()
    assert old.statuses(revoked) == {401}
    assert old.statuses() == {201, 401}
    assert new.statuses() == {201}
