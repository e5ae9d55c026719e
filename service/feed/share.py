"""How much of the database reading may take, and what becomes of readers when it does not answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from service.feed.errors import FeedUnavailable
from service.http.errors import Overloaded
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.lives.lives import Unsettled
from service.postgres.durability import NotDurable
from service.postgres.pool import Pool, Result
from service.postgres.session import NotConfirmed

unavailable = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    NotConfirmed,
    NotDurable,
    Unsettled,
)
"""What is raised when the database does not answer as it should. A TimeoutError is an OSError."""


class Share:
    """Connections of the pool for those who read: never so many that nothing could be stored meanwhile."""

    def __init__(self, pool: Pool, limits: Limits, *, sessions: int) -> None:
        self._pool = pool
        self._limits = limits
        self._turn = asyncio.Semaphore(sessions)
        self._waiting = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for statements that change nothing. Raises Overloaded when too many wait for one or it takes too
        long, and one of `unavailable`."""
        await self._take_turn()
        try:
            async with self._pool.connection() as connection:
                yield connection
        finally:
            self._turn.release()

    async def ask(self, read: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """What `read` reads, perhaps of another server. Raises what it raises, and what `connection` raises."""
        async with self.connection() as connection:
            return await read(connection)

    async def _take_turn(self) -> None:
        if self._waiting >= self._limits.reading_queue:
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.command_seconds):
                await self._turn.acquire()
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._waiting -= 1


@contextmanager
def answered() -> Iterator[None]:
    """Refuse the request when the database does not answer it. Raises FeedUnavailable."""
    try:
        yield
    except Unsettled as error:
        raise FeedUnavailable(f"The database cannot be read: {error}") from None
    except unavailable as error:
        log.warning("Database not readable", exception=error)
        raise FeedUnavailable from None
