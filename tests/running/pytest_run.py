"""A test run inside a test, in a process of its own, without the plugins that it does not need."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.running.environment import ROOT

_COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""By this coverage.py knows that it is to measure. What a test run inside a test goes through says nothing."""


def run_pytest(
    environment: Mapping[str, str], *arguments: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with pytest-bdd and the plugins among the arguments."""
    command = [sys.executable, "-m", "pytest", "-p", "pytest_bdd.plugin", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name != _COVERAGE}
    ours = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    whole = {**inherited, **ours, **environment}
    return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True)
