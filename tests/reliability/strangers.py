"""Transactions of others, in the server of the service: held open, rolled back, killed, prepared and left."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import asyncpg
from uuid_utils.compat import uuid7

from tests.reliability.postgresql import PostgreSQL
from tests.running.waiting import until

HELD_SECONDS = 0.3
_INSERT = "INSERT INTO signals (id, instrument, side, time) VALUES ($1, 'EURUSD', 0, $2)"
_BURN = "BEGIN; SELECT pg_current_xact_id(); ROLLBACK;"


class Strangers:
    """Some sessions that do what others might do."""

    def __init__(self, postgresql: PostgreSQL, draw: random.Random) -> None:
        self._postgresql = postgresql
        self._draw = draw
        self._number = 0
        self._holding = 0
        self._let = asyncio.Event()
        self._let.set()

    async def meddle(self) -> None:
        """Do so for ever."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                connection = await self._postgresql.connect()
                try:
                    while True:
                        await self._let.wait()
                        await self._hold(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Nothing of theirs is open meanwhile, so that the oldest open transaction is a new one."""
        self._let.clear()
        await until(lambda: self._holding == 0, "nobody holds a transaction")
        await self.settle()
        yield
        self._let.set()

    async def burn(self, connection: Any, numbers: int) -> None:
        """Take numbers of transactions that nothing is written with: a crash gives them out again."""
        await connection.execute(_BURN * numbers)

    async def settle(self) -> None:
        """End all transactions that were prepared and left: every second one is committed."""
        connection = await self._postgresql.connect()
        try:
            for number, row in enumerate(await connection.fetch("SELECT gid FROM pg_prepared_xacts ORDER BY gid")):
                await connection.execute(f"{'COMMIT' if number % 2 else 'ROLLBACK'} PREPARED '{row['gid']}'")
        finally:
            await connection.close()

    async def _hold(self, connection: Any) -> None:
        self._holding += 1
        try:
            await self._transact(connection)
        finally:
            self._holding -= 1

    async def _transact(self, connection: Any) -> None:
        await connection.execute("BEGIN")
        for _ in range(self._draw.randrange(3)):
            await connection.execute(_INSERT, uuid7(), datetime.now(UTC))
        await asyncio.sleep(self._draw.uniform(0, HELD_SECONDS))
        match self._draw.randrange(10):
            case 0:
                await connection.execute("ROLLBACK")
            case 1:
                connection.terminate()
            case 2:
                await self._prepare(connection)
            case _:
                await connection.execute("COMMIT")

    async def _prepare(self, connection: Any) -> None:
        self._number += 1
        gid = f"{self._draw.randrange(1 << 30)}-{self._number}"
        await connection.execute(f"PREPARE TRANSACTION '{gid}'")
        await asyncio.sleep(self._draw.uniform(0, HELD_SECONDS))
        await connection.execute(f"COMMIT PREPARED '{gid}'")


@asynccontextmanager
async def meddling(strangers: Strangers, sessions: int) -> AsyncIterator[None]:
    """So many sessions at work; what they leave behind is settled at the end."""
    tasks = [asyncio.create_task(strangers.meddle()) for _ in range(sessions)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await strangers.settle()
