"""The YAML files that the service is deployed and released with, and programs that judge them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.running.environment import ROOT

DEPLOYMENT = ROOT / "docs" / "deployment"
KUBERNETES = DEPLOYMENT / "kubernetes"
COMPOSE = DEPLOYMENT / "compose"
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
ANSWERS_AND_STREAMS_SECONDS = 15
"""What a process that stops takes at most beside its delay (docs/operations.md)."""


def read(path: Path) -> Any:
    """What a YAML file says. `on` is a word and no truth, as in YAML 1.2."""
    return YAML(typ="safe").load(path)


def judge(name: str, *arguments: object) -> None:
    """Run a program that came with the dependencies for development; it has to be content."""
    program = Path(sys.executable).with_name(name)
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
