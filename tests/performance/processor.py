"""What a server costs the processor: all its processes together, and neither its clients nor PostgreSQL."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_GROUP, _USER, _SYSTEM = 2, 11, 12
"""Where they stand behind the name of the program (`man 5 proc_pid_stat`)."""


def processor_seconds(group: int) -> float:
    """How long the living processes of a process group have been at work, for themselves and in the kernel."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[_GROUP]) == group:
            ticks += int(fields[_USER]) + int(fields[_SYSTEM])
    return ticks / _TICKS_PER_SECOND
