"""Keeps the keyring of a process up to date while it runs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Never, Self

import asyncpg

from service.kernel.limits import Limits
from service.kernel.logs import log
from service.keyring.listener import KeyringListener, within
from service.keyring.reader import KeyringReader


class KeyringFollower:
    """Looks for changes all the time, sooner when it is told of one, while it is entered as an asynchronous context
    manager. Entering it waits for the first look, but not longer than readiness may take. `connect` opens the
    connection on which it is told."""

    def __init__(
        self, reader: KeyringReader, connect: Callable[[], Awaitable[asyncpg.Connection]], limits: Limits
    ) -> None:
        self._reader = reader
        self._limits = limits
        self._told = asyncio.Event()
        self._looked = asyncio.Event()
        self._listener = KeyringListener(connect, self._told.set, limits)
        self._tasks: list[asyncio.Task[Never]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(work) for work in (self._look(), self._compare(), self._listener.listen())]
        await within(self._looked, self._limits.readiness_seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self) -> Never:
        failing = False
        while True:
            self._told.clear()
            try:
                await self._reader.read()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning("Keys of producers cannot be read", exception=error)
                failing = True
            self._looked.set()
            await within(self._told, self._limits.keyring_poll_seconds)

    async def _compare(self) -> Never:
        while True:
            await asyncio.sleep(self._limits.keyring_compare_seconds)
            with suppress(Exception):  # what is wrong with the database is told by the next look
                await self._reader.compare()
