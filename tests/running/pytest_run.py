"""A test run inside a test, in a process of its own, without the plugins that it does not need."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.running.environment import ROOT, unmeasured


def run_pytest(
    environment: Mapping[str, str], *arguments: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with pytest-bdd and the plugins among the arguments."""
    command = [sys.executable, "-m", "pytest", "-p", "pytest_bdd.plugin", *arguments]
    ours = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    whole = {**unmeasured(os.environ), **ours, **environment}
    return subprocess.run(command, cwd=folder, env=whole, capture_output=True, text=True)
