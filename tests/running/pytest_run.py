"""A test run inside a test, in a process of its own, without the plugins that it does not need."""

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.running.environment import ROOT


def run_pytest(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with pytest-bdd alone."""
    command = [sys.executable, "-m", "pytest", "-p", "pytest_bdd.plugin", *arguments]
    whole = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}
    return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True)
