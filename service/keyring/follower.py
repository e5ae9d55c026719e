"""Keeps the keyring of a process up to date while it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Never

import asyncpg

from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.tasks import Work, repeated
from service.keyring.listener import KeyringListener, within
from service.keyring.reader import KeyringReader


class KeyringFollower:
    """Looks for changes all the time, sooner when it is told of one. `connect` opens the connection on which it is
    told."""

    def __init__(
        self, reader: KeyringReader, connect: Callable[[], Awaitable[asyncpg.Connection]], limits: Limits
    ) -> None:
        self._reader = reader
        self._limits = limits
        self._told = asyncio.Event()
        self._looked = asyncio.Event()
        self.work: Mapping[str, Work] = {
            "keyring": self._look,
            "keyring_listener": KeyringListener(connect, self._told.set, limits).listen,
            "keyring_comparison": repeated("keyring_comparison", reader.compare, limits.keyring_compare_seconds),
        }
        """What has to be done meanwhile."""

    async def first_look(self) -> None:
        """Return when the first look is over, or after as long as readiness may take."""
        await within(self._looked, self._limits.readiness_seconds)

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
