"""What the figures depend on: the machine, its disk, and the versions of everything."""

import json
import os
import platform
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from tests.performance.contestants import FASTIFY
from tests.performance.database import PostgreSQL

PACKAGES = (
    *("starlette", "uvicorn", "uvloop", "httptools", "pydantic", "tortoise-orm", "asyncpg"),
    *("fastapi", "sqlalchemy"),
)
NODE_PACKAGES = ("fastify", "postgres")
SYNCS = 200


def facts(postgresql: PostgreSQL, folder: Path) -> dict[str, str]:
    """The machine and the versions, as label and text. `folder` is on the disk that holds the database."""
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Processor": f"{_first_of('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "Memory": f"{int(_first_of('/proc/meminfo', 'MemTotal').split()[0]) / 1024**2:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Disk": f"one write of 8 KiB with fdatasync takes {_sync_ms(folder):.2f} ms (median of {SYNCS})",
        "PostgreSQL": postgresql.sql("postgres", "SHOW server_version") + f", {_durability(postgresql)}",
        "Python": f"{platform.python_version()}; " + ", ".join(_python_package(name) for name in PACKAGES),
        "Node": f"{_output('node', '--version')}; " + ", ".join(_node_package(name) for name in NODE_PACKAGES),
        "Load": _wrk_version(),
    }


def _first_of(path: str, label: str) -> str:
    found = re.search(rf"^{label}\s*:\s*(.+)$", Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "0 (unknown)"


def _sync_ms(folder: Path) -> float:
    """What durability costs on this disk: every commit waits for one such write."""
    taken = []
    path = folder / "sync-probe"
    with path.open("wb") as file:
        for _ in range(SYNCS):
            started = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    path.unlink()
    return median(taken)


def _durability(postgresql: PostgreSQL) -> str:
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    return ", ".join(f"{name} {postgresql.sql('postgres', f'SHOW {name}')}" for name in names)


def _python_package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def _node_package(name: str) -> str:
    locked = json.loads((FASTIFY / "package-lock.json").read_text())["packages"]
    return f"{name} {locked[f'node_modules/{name}']['version']}"


def _output(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "not installed"
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _wrk_version() -> str:
    found = re.match(r"wrk \S+", _output("wrk", "-v"))
    return found[0] if found else "wrk"
