"""Being told of changes as they are committed. It only makes things faster: what is not heard is found by looking."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Never
from uuid import uuid4

import asyncpg

from service.kernel import metrics
from service.kernel.errors import database_reason
from service.kernel.limits import Limits
from service.kernel.logs import log

CHANNEL = "signals_keyring"


class Deaf(Exception):
    """What is announced does not arrive on this connection."""


class Listener:
    """Listens on a connection of its own, and calls `told` for each change, and after each start of listening.

    The connection is never in a transaction: that would keep the server from forgetting what it has announced. It
    announces something to itself from time to time, to notice when it is dead. Behind a pooler that gives each
    transaction another session nothing would be heard, and others would be left listening: there it does not try.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection]], told: Callable[[], None], limits: Limits
    ) -> None:
        self._connect = connect
        self._told = told
        self._limits = limits
        self._own_channel = f"{CHANNEL}_{uuid4().hex}"
        self._listening: bool | None = None

    async def listen(self) -> Never:
        """Listen, on one connection after the other, for ever."""
        while True:
            pause = self._limits.listener_retry_seconds
            try:
                await self._listen()
            except Deaf as error:
                self._tell(False, str(error))
                pause = self._limits.keyring_compare_seconds
            except Exception as error:
                self._tell(False, database_reason(error) or type(error).__name__)
            await asyncio.sleep(pause)

    async def _listen(self) -> Never:
        connection = await self._connect()
        metrics.keyring_listeners.inc()
        heard, ended = asyncio.Event(), asyncio.Event()
        try:
            async with asyncio.timeout(self._limits.listener_answer_seconds):
                await _refuse_pooled(connection)
                # To announce is to commit: it must not wait for a standby that is away, where nothing could end it.
                await connection.execute("SET synchronous_commit = off")
                connection.add_termination_listener(lambda *_: ended.set())
                await connection.add_listener(self._own_channel, lambda *_: heard.set())
                await connection.add_listener(CHANNEL, lambda *_: self._told())
            # What was changed before it listened is not announced again.
            self._told()
            while True:
                await self._probe(connection, heard)
                await self._pause(ended)
        finally:
            connection.terminate()

    async def _probe(self, connection: asyncpg.Connection, heard: asyncio.Event) -> None:
        heard.clear()
        async with asyncio.timeout(self._limits.listener_answer_seconds):
            await connection.execute(f"NOTIFY {self._own_channel}")
            if not await within(heard, self._limits.listener_answer_seconds / 2):
                raise Deaf("announcements do not arrive")
        self._tell(True)

    async def _pause(self, ended: asyncio.Event) -> None:
        if await within(ended, self._limits.listener_probe_seconds):
            raise ConnectionResetError

    def _tell(self, listening: bool, reason: str | None = None) -> None:
        """Each change once, not each attempt."""
        metrics.keyring_listening.set(listening)
        if listening and self._listening is False:
            log.info("Changes are announced again")
        if not listening and self._listening is not False:
            log.warning("Changes are not announced: looking for them instead", reason=reason)
        self._listening = listening


async def _refuse_pooled(connection: asyncpg.Connection) -> None:
    """A pooler tells a number of its own as that of the session, as PgBouncer does, or changes the session."""
    answer = await connection.execute(f"SELECT WHERE pg_backend_pid() = {connection.get_server_pid()}")
    if answer != "SELECT 1":
        raise Deaf("a pooler is in between")


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event happens in that time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
