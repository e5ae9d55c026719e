"""Processes of the operating system: whether they still do anything, and signals to them."""

import signal
from collections.abc import Iterable
from contextlib import suppress

import psutil  # type: ignore[import-untyped]


def alive(process: psutil.Process) -> bool:
    """Whether a process still does anything."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    """Send a signal to those that are still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
