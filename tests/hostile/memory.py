"""What the kernel says about the memory of a service."""

from pathlib import Path

from tests.service_process import ServiceProcess


def resident(service: ServiceProcess) -> int:
    """The resident memory of the process now, in bytes (VmRSS of /proc/PID/status)."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024
