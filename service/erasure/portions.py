"""Many rows are changed a few at a time: fewer where that takes too long."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from service.months.turn import CANCELLED_MAX, NOT_NOW, PATIENCE

ROWS = 2000
"""How many rows are changed at once where nobody is slow."""

_PAUSE_SECONDS = 0.5


class Portions:
    """How many `rows` to change at once: half as many where it takes too long, and more again where it does not. Nobody
    waits for a second behind a transaction that changes them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.rows = ROWS
        self._connection = connection
        self._cancelled = 0

    async def done(self, rows: int, work: Callable[[], Awaitable[object]]) -> bool:
        """Change so many rows in a transaction of their own. False when somebody else uses them, or when they are too
        many: then they are to be read again, half as many of them. Raises QueryCanceledError when one row alone takes
        too long again and again."""
        try:
            async with self._connection.transaction(isolation="read_committed"):
                await self._connection.execute(PATIENCE)
                await work()
        except NOT_NOW as error:
            if isinstance(error, asyncpg.QueryCanceledError):
                self._cancelled += rows == 1
                self.rows = max(1, rows // 2)
            if self._cancelled == CANCELLED_MAX:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
            return False
        self._cancelled = 0
        self.rows = min(2 * self.rows, ROWS)
        return True
