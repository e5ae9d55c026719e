"""The quickstart pages: every command on them is run as it stands, against a running service."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running.deployment import Deployment
from tests.running.environment import ROOT
from tests.signers.test_signers import TIMEOUT_SECONDS

DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8000"

NEEDS = {
    "curl": ("curl", "openssl", "jq"),
    "python": ("python3",),
    "node": ("node",),
    "php": ("php",),
    "go": ("go",),
    "java": ("java", "javac"),
    "csharp": ("mcs", "mono"),
}
NOT_RUN = {"mql5"}
TOLD_ELSEWHERE = {"execution-bot"}
"""Which are no signers: `test_execution_bot`."""


def page(name: str) -> str:
    return (DOCS / f"quickstart-{name}.md").read_text()


def commands(text: str) -> list[str]:
    """The blocks of commands on a page, the first of which starts the service."""
    return re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_page_is_run_or_says_that_it_was_not() -> None:
    names = {path.stem.removeprefix("quickstart-") for path in DOCS.glob("quickstart-*.md")}
    assert names == NEEDS.keys() | NOT_RUN | TOLD_ELSEWHERE
    for name in NOT_RUN:
        assert "were not tried" in page(name)


@pytest.fixture(params=NEEDS)
def name(request: pytest.FixtureRequest) -> str:
    """Each page whose programs are at hand."""
    language = str(request.param)
    if missing := [program for program in NEEDS[language] if shutil.which(program) is None]:
        reason = f"quickstart-{language}.md needs {', '.join(missing)}"
        assert not os.environ.get("REQUIRE_SIGNERS"), reason
        pytest.skip(reason)
    return language


def test_a_page_leads_to_a_stored_signal_and_to_a_hint(name: str, deployment: Deployment, tmp_path: Path) -> None:
    start, *rest = commands(page(name))
    settings = dict(re.findall(r"(HMAC_\w+)=(\S+)", start))
    assert settings.keys() == {"HMAC_PRODUCER_ENABLED", "HMAC_PRODUCER_SECRET"}
    deployment.configure(**settings)
    script = "\n".join(rest).replace(ADDRESS, deployment.service.url)
    (tmp_path / "docs").symlink_to(DOCS)
    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert deployment.service.url in script
    assert re.search(r'\{"id":"[0-9a-f-]{36}","status":0,', result.stdout), result.stdout + result.stderr
    [hint] = re.findall(r'"hint":"(.*?)"', result.stdout)
    assert hint in page(name).splitlines()


@pytest.mark.parametrize("language", sorted(NEEDS.keys() - {"curl"}))
def test_the_heart_of_a_signer_on_its_page_is_in_the_signer(language: str) -> None:
    text = page(language)
    [file] = re.findall(r"The whole signer is \[.*\]\((.*)\)", text)
    [excerpt] = re.findall(r"its heart:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert flush_left(excerpt) in flush_left((DOCS / file).read_text())


def flush_left(text: str) -> str:
    """The lines without their indentation."""
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)
