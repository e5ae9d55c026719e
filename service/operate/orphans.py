"""A worker process whose parent is gone leaves: nobody would stop it or replace it, and it would keep the port."""

import asyncio
import multiprocessing
import os
import signal
import time
from threading import Thread

from service.kernel.limits import Limits
from service.kernel.logs import log


def leave_with_parent(limits: Limits) -> None:
    """Stop the server of this process, without its delay, when the process that started it ends, however it ends.

    To be called in the running loop, while the server's own handler of SIGTERM is in place. A process that no
    `multiprocessing` started has no such parent.
    """
    parent = multiprocessing.parent_process()
    stop = signal.getsignal(signal.SIGTERM)
    if parent is None or not callable(stop):
        return
    loop = asyncio.get_running_loop()

    def watch() -> None:
        parent.join()
        log.error("Parent process gone: leaving")
        loop.call_soon_threadsafe(stop, signal.SIGTERM, None)
        time.sleep(limits.orphan_seconds)
        log.end(seconds=0.1)
        os._exit(1)

    Thread(target=watch, name="parent", daemon=True).start()
