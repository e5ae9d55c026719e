"""Waiting for something to become true, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from threading import Event

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.02

_NEVER = Event()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return as soon as `condition()` is true; fail, naming `what`, when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} seconds: {what}")
        _NEVER.wait(PAUSE_SECONDS)


async def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """The same within a running event loop."""

    async def asked() -> bool:
        return condition()

    await until_true(asked, what, seconds)


async def until_true(
    condition: Callable[[], Awaitable[bool]], what: str, seconds: float = DEADLINE_SECONDS, pause: float = PAUSE_SECONDS
) -> None:
    """The same for a condition that takes asking, with a pause between two questions."""
    end = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} seconds: {what}")
        await asyncio.sleep(pause)
