"""Waiting for something to become true in a running event loop, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Callable

DEADLINE_SECONDS = 30.0


async def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return as soon as `condition()` is true; fail, naming `what`, when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} seconds: {what}")
        await asyncio.sleep(0.02)
