"""Every signer in docs/signing agrees with the vectors, and sends a signal that a running service stores.

One whose runtime is not at hand is skipped; with REQUIRE_SIGNERS=1 (`make test-signers`) it fails.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.running.deployment import Deployment
from tests.running.environment import ROOT, unmeasured

SIGNERS_DIRECTORY = ROOT / "docs" / "signing"
VECTORS = ROOT / "docs" / "vectors" / "signature.json"
SECRET = r"""a $ecret with spaces, 'quotes', "double quotes", a \backslash and more than 64 bytes of text"""
TIMEOUT_SECONDS = 120

_MONO_LIBRARIES = ("System.Net.Http", "System.Runtime.Serialization", "System.Xml", "System.Xml.Linq")


@dataclass(frozen=True)
class Signer:
    """A signer, the programs it needs, and how it is started; `build` comes first, and makes {out}."""

    file: str
    needs: tuple[str, ...]
    command: tuple[str, ...]
    build: tuple[str, ...] = ()


SIGNERS = {
    "bash": Signer("sign.sh", ("bash", "openssl", "curl", "jq"), ("bash", "{file}")),
    "python": Signer("sign.py", (), (sys.executable, "{file}")),
    "node": Signer("sign.mjs", ("node",), ("node", "{file}")),
    "php": Signer("sign.php", ("php",), ("php", "{file}")),
    "go": Signer("sign.go", ("go",), ("{out}",), ("go", "build", "-o", "{out}", "{file}")),
    "java": Signer("Sign.java", ("java", "javac"), ("java", "{file}")),
    "csharp": Signer(
        "Sign.cs",
        ("mcs", "mono"),
        ("mono", "{out}"),
        ("mcs", "-out:{out}", *(f"-r:{name}" for name in _MONO_LIBRARIES), "{file}"),
    ),
}


class Program:
    """A signer that is ready to run."""

    def __init__(self, signer: Signer, directory: Path) -> None:
        self._places = {"file": str(SIGNERS_DIRECTORY / signer.file), "out": str(directory / "signer")}
        self._signer = signer
        if signer.build:
            subprocess.run(self._placed(signer.build), check=True, timeout=TIMEOUT_SECONDS)

    def _placed(self, command: tuple[str, ...]) -> list[str]:
        return [word.format_map(self._places) for word in command]

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end; the answer of the service is on its standard output."""
        return subprocess.run(
            [*self._placed(self._signer.command), *arguments],
            env={**unmeasured(os.environ), **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module", params=SIGNERS)
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Each signer, built where it has to be."""
    signer = SIGNERS[request.param]
    if missing := [name for name in signer.needs if shutil.which(name) is None]:
        reason = f"{signer.file} needs {', '.join(missing)}"
        assert not os.environ.get("REQUIRE_SIGNERS"), reason
        pytest.skip(reason)
    return Program(signer, tmp_path_factory.mktemp("signer"))


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    """The published vectors."""
    document: dict[str, Any] = json.loads(VECTORS.read_text())
    return document


def test_it_agrees_with_every_vector(program: Program, vectors: dict[str, Any]) -> None:
    result = program.run("check", str(VECTORS))
    assert result.stdout == f"{len(vectors['accepted'])} vectors agree, 0 do not\n"
    assert result.returncode == 0


def test_its_check_notices_a_signature_that_is_wrong(program: Program, vectors: dict[str, Any], tmp_path: Path) -> None:
    wrong = vectors["accepted"][1]["signature"]
    changed = tmp_path / "signature.json"
    changed.write_text(VECTORS.read_text().replace(wrong, wrong[::-1]))
    result = program.run("check", str(changed))
    assert result.stdout == f"{len(vectors['accepted']) - 1} vectors agree, 1 do not\n"
    assert result.returncode == 1


def test_it_sends_a_signal_that_is_stored(program: Program, deployment: Deployment) -> None:
    deployment.configure(HMAC_PRODUCER_ENABLED="true", HMAC_PRODUCER_SECRET=SECRET)
    # Not the name of another signer: the same body in the same second by the same producer is a resend.
    producer_id = f"signer-{uuid4()}"
    result = send(program, deployment, SECRET, producer_id)
    assert result.returncode == 0, result.stdout + result.stderr
    assert '"status":0' in result.stdout
    assert deployment.database.value("SELECT count(*) FROM signals WHERE producer_id = $1", producer_id) == 1


def test_it_shows_why_a_signal_is_refused(program: Program, deployment: Deployment) -> None:
    deployment.configure(HMAC_PRODUCER_ENABLED="true", HMAC_PRODUCER_SECRET=SECRET)
    result = send(program, deployment, "another secret", "signer-1")
    assert result.returncode != 0
    assert '"code":"signature_mismatch"' in result.stdout


def send(program: Program, deployment: Deployment, secret: str, producer_id: str) -> "subprocess.CompletedProcess[str]":
    """Let a signer send its signal to the service of this test."""
    return program.run(
        "send", SIGNALS_URL=deployment.service.url, SIGNALS_PRODUCER_ID=producer_id, SIGNALS_SECRET=secret
    )


def test_a_call_without_a_command_is_an_error_of_use(program: Program) -> None:
    result = program.run()
    assert result.returncode == 2
    assert "send" in result.stderr


def test_the_vectors_inside_the_metatrader_script_are_published_ones(vectors: dict[str, Any]) -> None:
    """MetaTrader is not at hand, so that signer checks itself when it is run; it must check the right things."""
    script = (SIGNERS_DIRECTORY / "sign.mq5").read_text()
    signatures = re.findall(r'"([A-Za-z0-9+/]{43}=)"', script)
    assert len(signatures) >= 8
    assert set(signatures) <= {vector["signature"] for vector in vectors["accepted"]}
    secrets = [vector["secret"] for vector in vectors["accepted"] if vector["signature"] in signatures]
    assert max(len(secret.encode()) for secret in secrets) > 64
    assert all(f'"{secret}"' in script for secret in secrets if secret.isascii())
    assert not all(map(str.isascii, secrets))
