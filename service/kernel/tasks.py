"""Background tasks, none of which can die unseen."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Never, Self

from service.kernel import metrics
from service.kernel.logs import log

_PATIENCE_SECONDS = 0.5
"""How long work may take to notice that it was cancelled, until it is cancelled again."""

Work = Callable[[], Coroutine[Any, Any, Never]]


class Tasks:
    """Work that goes on, each under its name, while this is entered as an asynchronous context manager.

    It is meant to last as long. When some of it ends all the same, nobody knows what it leaves behind: the line
    `Background task died` says why, and the process ends with code 70 (EX_SOFTWARE of sysexits.h) for whoever
    supervises it to start another. What is under way gets no answer, as when the process is killed.
    """

    def __init__(self, **work: Work) -> None:
        self._work = work
        self._tasks: list[asyncio.Task[Never]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(work(), name=name) for name, work in self._work.items()]
        for task in self._tasks:
            task.add_done_callback(self._died)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()
        while pending := [task for task in self._tasks if not task.done()]:
            for task in pending:
                task.cancel()
            # A cancellation may be lost, in a connection that is being opened for one, and the work would go on.
            await asyncio.wait(pending, timeout=_PATIENCE_SECONDS)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _let_go(self) -> None:
        for task in self._tasks:
            task.remove_done_callback(self._died)

    def _died(self, task: asyncio.Task[Never]) -> None:
        self._let_go()  # the others are cancelled with the event loop, and that is no news
        cause = asyncio.CancelledError() if task.cancelled() else task.exception()
        log.error("Background task died", task=task.get_name(), exception=cause)
        raise SystemExit(os.EX_SOFTWARE)


def repeated(name: str, work: Callable[[], Awaitable[None]], seconds: float) -> Work:
    """Work that is done again and again, with `seconds` between. A failure is told and counted, and ends nothing."""

    async def repeat() -> Never:
        failures = metrics.background_failures.labels(name)
        while True:
            try:
                await work()
            except Exception as error:
                failures.inc()
                log.warning("Background work failed", work=name, exception=error)
            await asyncio.sleep(seconds)

    return repeat
