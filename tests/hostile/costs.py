"""What its clients cost the service: seconds, memory and file descriptors."""

import sys
from pathlib import Path

import pytest

from tests.hostile.seed import FULL
from tests.running.service_process import ServiceProcess
from tests.running.waiting import wait_until

EARLY_SECONDS, LATE_SECONDS = 0.1, 2.0
"""By how much a limit may be missed: timers are coarse, and machines that run tests are busy."""

MEMORY_BYTES = 10_000_000
FLOOD_BYTES = 100_000_000 if FULL else 20_000_000
"""More than the memory that a flood may cost, so that a service that keeps it is seen."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of another process in /proc")


def check_duration(seconds: float, limit: float) -> None:
    """A limit was kept, and nobody was cut before it."""
    assert limit - EARLY_SECONDS <= seconds < limit + LATE_SECONDS


def forget_peak(service: ServiceProcess) -> None:
    """Let the peak of the memory begin anew from what is in use now."""
    Path(f"/proc/{service.process.pid}/clear_refs").write_text("5")


def peak(service: ServiceProcess) -> int:
    """The most resident memory that the service has had, in bytes."""
    return _bytes(service, "VmHWM:")


def resident(service: ServiceProcess) -> int:
    """The resident memory of the service now, in bytes."""
    return _bytes(service, "VmRSS:")


def _bytes(service: ServiceProcess, name: str) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition(name)[2].split()[0]) * 1024


def descriptors(service: ServiceProcess) -> int:
    """How many file descriptors the service has open."""
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def settled_descriptors(service: ServiceProcess) -> int:
    """The same, when it does not change any more."""
    seen: list[int] = []

    def settled() -> bool:
        seen.append(descriptors(service))
        return seen[-10:].count(seen[-1]) == 10

    wait_until(settled, "nothing is opened or closed")
    return seen[-1]


def unread_bytes(port: int) -> int:
    """How much the kernel keeps for the client on this port, because it has not read it."""
    return sum(int(columns[4].partition(":")[0], 16) for columns in _sockets_towards(port))


def is_connected(port: int) -> bool:
    """Whether the service has a connection with the client on this port."""
    return any(columns[3] == "01" for columns in _sockets_towards(port))


def _sockets_towards(port: int) -> list[list[str]]:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return [columns for columns in sockets if columns[2].endswith(f":{port:04X}")]
