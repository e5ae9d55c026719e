"""Many rows are changed a few at a time: fewer where that takes too long."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from service.months.turn import NOT_NOW, PATIENCE

ROWS = 2000
"""How many rows are changed at once where nobody is slow."""

_PAUSE_SECONDS = 0.5


class Portions:
    """How many `rows` to change at once. Nobody waits for a second behind a transaction that changes them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.rows = ROWS
        self._connection = connection

    async def done(self, rows: int, work: Callable[[], Awaitable[object]]) -> bool:
        """Change so many rows in a transaction of their own. False when somebody else uses them, or when they are too
        many: then they are to be read again, half as many of them."""
        try:
            async with self._connection.transaction(isolation="read_committed"):
                await self._connection.execute(PATIENCE)
                await work()
            return True
        except NOT_NOW as error:
            if isinstance(error, asyncpg.QueryCanceledError):
                self.rows = max(1, rows // 2)
            await asyncio.sleep(_PAUSE_SECONDS)
            return False
