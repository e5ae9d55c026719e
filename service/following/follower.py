"""Keeps what a process knows up to date while it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Never, Protocol

import asyncpg

from service.following.listener import Listener, within
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.tasks import Work


class Subject(Protocol):
    """What is followed."""

    @property
    def name(self) -> str:
        """The name of the work."""

    @property
    def unreadable(self) -> str:
        """The line for the log while it cannot be read."""

    async def read(self) -> None:
        """Learn what was changed. Whatever it raises, it is asked again."""


class Follower:
    """Looks for changes of its subjects all the time, sooner when it is told of one. None waits for another. `connect`
    opens the connection on which it is told."""

    def __init__(
        self, subjects: Sequence[Subject], connect: Callable[[], Awaitable[asyncpg.Connection]], limits: Limits
    ) -> None:
        self._seconds = limits.readiness_seconds
        self._watches = [_Watch(subject, limits.keyring_poll_seconds) for subject in subjects]
        looking: dict[str, Work] = {watch.subject.name: watch.look for watch in self._watches}
        listening: dict[str, Work] = {"listener": Listener(connect, self._tell, limits).listen} if subjects else {}
        self.work: Mapping[str, Work] = looking | listening
        """What has to be done meanwhile; nothing when there are no subjects."""

    async def first_look(self) -> None:
        """Return when each subject was looked at once, or after as long as readiness may take."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                for watch in self._watches:
                    await watch.looked.wait()

    def _tell(self) -> None:
        for watch in self._watches:
            watch.told.set()


class _Watch:
    def __init__(self, subject: Subject, seconds: float) -> None:
        self.subject = subject
        self.told = asyncio.Event()
        self.looked = asyncio.Event()
        self._seconds = seconds

    async def look(self) -> Never:
        failing = False
        while True:
            self.told.clear()
            try:
                await self.subject.read()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning(self.subject.unreadable, exception=error)
                failing = True
            self.looked.set()
            await within(self.told, self._seconds)
