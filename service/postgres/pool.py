"""Connections to PostgreSQL through Tortoise, none of which can hang."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.context import TortoiseContext

from service.kernel.limits import Limits
from service.postgres.connector import service_connector
from service.postgres.durability import check_session
from service.postgres.schema import orm_config


class Pool:
    """Tortoise's pool of connections while it is entered as an asynchronous context manager.

    It connects when a connection is asked for, so that a service can start before its database. With
    `refuse_not_durable` a server that could lose an acknowledged commit counts as one that is away.
    """

    def __init__(self, url: str, limits: Limits, *, size: int, refuse_not_durable: bool = False) -> None:
        self._command_seconds = limits.command_seconds

        async def check(connection: asyncpg.Connection) -> None:
            await check_session(connection, refuse=refuse_not_durable)

        pool: dict[str, Any] = {
            "minsize": 1,
            "maxsize": size,
            "command_timeout": limits.command_seconds,
            "init": check,
            "reset": _nothing_to_reset,
        }
        self.connector = service_connector(url, limits)
        self._config = orm_config(self.connector, **pool)
        self._context = TortoiseContext()

    async def __aenter__(self) -> Self:
        # Entered only while the models are read: it is kept here, and looked up neither by task nor by process.
        with self._context:
            await self._context.init(self._config)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._context.close_connections()

    async def dedicated(self) -> asyncpg.Connection:
        """A connection that is no part of the pool, for who keeps it. Raises NoConnection."""
        return await self.connector()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for one statement. Raises TimeoutError when that takes longer than `command_seconds`, the wait
        for a free connection included.

        After anything but a proper answer of the server the connection is dropped at once: waiting for a server that
        does not answer to confirm a cancellation could take for ever. The others of the pool are not used again
        either, since after a failover none of them would answer, and each would cost its own four seconds.
        """
        client = cast(AsyncpgDBClient, self._context.db())
        async with asyncio.timeout(self._command_seconds), client.acquire_connection() as connection:
            try:
                yield connection
            except asyncpg.PostgresError:
                raise
            except BaseException:
                connection.terminate()
                await client._expire_connections()
                raise


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """The service leaves nothing behind in a session, so that asking the server to reset it would be a wasted trip."""
