"""What a run was made on: the version, the build, the database."""

import subprocess

import pytest

from service import __version__
from tests.running.environment import ROOT

FACTS = pytest.StashKey[dict[str, str]]()
"""In the stash of pytest's configuration, the facts by name. Fixtures add what they find out; the page shows all."""


def first_facts() -> dict[str, str]:
    """What is known before anything runs."""
    return {"Version": __version__, "Build": _build()}


def _build() -> str:
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(describe, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
