"""The program, with the address and the secret of a service."""

from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.running.deployment import SECRET, Deployment

PRODUCER_ID = "my-bot"

LINES = [
    b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"price":1950.50}}',
    b'{"instrument":"gold","side":0}',
    b"",
    b"{not JSON}",
    b'{"instrument":"EURUSD","side":1,"time":"2026-01-31T12:00:01Z"}',
]
"""Signals as they stand in a file; the second and the fourth line are faulty, and the third is empty."""


@pytest.fixture
def alone(tmp_path: Path) -> Program:
    """The program with a secret, and with no service where it looks for one."""
    settings = {
        "SIGNALS_URL": "http://127.0.0.1:1",
        "SIGNALS_PRODUCER_ID": PRODUCER_ID,
        "HMAC_PRODUCER_SECRET": SECRET.decode(),
    }
    return Program(tmp_path, settings)


@pytest.fixture
def program(alone: Program, signing: Deployment) -> Program:
    """The program with a secret, and with a service that knows it."""
    alone.settings["SIGNALS_URL"] = signing.service.url
    return alone


@pytest.fixture
def file(alone: Program) -> Path:
    """A file of signals where the program runs."""
    path = alone.directory / "signals.jsonl"
    path.write_bytes(b"\n".join(LINES))
    return path
