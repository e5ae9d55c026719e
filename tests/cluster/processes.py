"""What runs in a folder: each program of a cluster has a working directory of its own, and so have its children."""

import signal
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from tests.running.processes import send
from tests.running.waiting import until


def running_in(folder: Path) -> list[psutil.Process]:
    """The processes whose working directory is the folder or one below it."""
    return [process for process in psutil.process_iter() if _is_in(process, folder)]


def _is_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except psutil.Error:
        return False


def hold_still(folder: Path) -> list[psutil.Process]:
    """SIGSTOP of all that run in a folder, until they are all stopped and none of them can have started another."""
    held: list[psutil.Process] = []
    while new := [process for process in running_in(folder) if process not in held]:
        send(signal.SIGSTOP, new)
        held += new
    return held


async def kill(folder: Path) -> None:
    """`kill -9` of all that run in a folder, as if the power had gone; returns when nothing does."""
    send(signal.SIGKILL, hold_still(folder))
    await until(lambda: not running_in(folder), f"nothing runs in {folder}")
