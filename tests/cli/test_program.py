"""The program as a whole: help, completion, what it loads; and its pages, each command of which is run."""

import re
import shutil
import subprocess
import sys

import pytest

from service.cli import app
from tests.cli.program import PROGRAM, Program, without_colours
from tests.running.deployment import Deployment
from tests.running.environment import ROOT, service_environment
from tests.running.waiting import DEADLINE_SECONDS

COMMANDS = [str(info.callback.__name__).replace("_", "-") for info in app.registered_commands if info.callback]
PRODUCERS = ["send", "send-batch", "sign", "verify", "explain", "doctor", "vectors", "openapi"]
DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8000"


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return [text for name, text in found if name == language]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_help_with_an_example(alone: Program, command: str) -> None:
    ended = alone.run(command, "--help")
    assert ended.code == 0
    assert re.search(rf"Example: .*\bsignals {command}\b", " ".join(ended.output.split()))


def test_help_is_plain_without_a_terminal_and_framed_on_one(alone: Program) -> None:
    assert "╭" not in alone.run("send", "--help").output
    assert "╭" in without_colours(alone.run_on_terminal("send", "--help").errors)


def test_all_commands_are_there(alone: Program) -> None:
    output = alone.run("--help").output
    assert set(PRODUCERS) <= set(COMMANDS)
    assert all(re.search(rf"^ *{command} ", output, re.MULTILINE) for command in COMMANDS)


def test_it_completes_in_the_shell(alone: Program) -> None:
    alone.settings |= {"_SIGNALS_COMPLETE": "complete_bash", "COMP_WORDS": "signals se", "COMP_CWORD": "1"}
    output, _ = alone.start().communicate(timeout=DEADLINE_SECONDS)
    assert output.split() == [b"serve", b"send", b"send-batch"]


def test_the_commands_of_producers_load_nothing_of_the_server() -> None:
    program = "import sys, service.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    server = {
        "aerich",
        "asyncpg",
        "cryptography",
        "prometheus_client",
        "pydantic_settings",
        "starlette",
        "tortoise",
        "uvicorn",
    }
    assert not server & set(done.stdout.split())


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_its_page_can_be_followed_to_the_end(alone: Program, deployment: Deployment) -> None:
    start, names, *rest = blocks("cli.md", "bash")
    deployment.configure(**dict(re.findall(r"(HMAC_\w+)=(\S+)", start)))
    script = "set -e\n" + "\n".join([names, *rest]).replace(ADDRESS, deployment.service.url)
    (alone.directory / ".venv" / "bin").mkdir(parents=True)
    (alone.directory / ".venv" / "bin" / "signals").symlink_to(PROGRAM)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=alone.directory,
        env=service_environment({}),
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"signals {command} " in script for command in PRODUCERS if command != "doctor")
    [told] = [line for block in blocks("cli.md", "") for line in block.splitlines() if line.startswith("refused")]
    assert _at_any_time(told) in _at_any_time(done.stdout)


def _at_any_time(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "NOW", text)


def test_the_examples_of_the_client_run(deployment: Deployment) -> None:
    secret = re.search(r'secret="([^"]+)"', blocks("client.md", "python")[0])
    assert secret is not None
    deployment.configure(HMAC_PRODUCER_ENABLED="true", HMAC_PRODUCER_SECRET=secret[1])
    first, together, many, refused, signature = (
        _python(block.replace(ADDRESS, deployment.service.url)) for block in blocks("client.md", "python")
    )
    assert re.fullmatch(r"[0-9a-f-]{36} .*\n", first)
    assert len(together.splitlines()) == 3
    assert many == "1200 stored\n[]\n"
    assert refused == "validation_failed [['body', 'instrument']]\n"
    assert "'status': 0" in signature


def _python(program: str) -> str:
    """What a program prints."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_of_the_client_draws_the_same_tree_as_the_code() -> None:
    [tree] = [block for block in blocks("client.md", "") if block.startswith("SignalsError")]
    assert tree in (ROOT / "service" / "client" / "failures.py").read_text()
