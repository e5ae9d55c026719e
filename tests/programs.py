"""Programs of the machine that some tests need: of PgBouncer, nginx, HAProxy, PostgreSQL, Chromium, Prometheus."""

import os
import shutil
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program. Without it the test is skipped, or fails where REQUIRE_PROGRAMS=1 promises it."""
    debian = ["/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *debian]))
    if path is None:
        reason = f"the program {name} is not there"
        if os.environ.get("REQUIRE_PROGRAMS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
