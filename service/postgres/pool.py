"""Connections to PostgreSQL through Tortoise, none of which can hang."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.context import TortoiseContext

from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.lives.settling import settle_and_tell
from service.postgres.connector import service_connector
from service.postgres.durability import check_session
from service.postgres.keepalive import watch
from service.postgres.schema import orm_config
from service.postgres.session import NotConfirmed, Session

Result = TypeVar("Result")

_SERVER_FAULTS = ("08", "0A", "25", "26", "57P", "XX")
"""The SQLSTATEs after which the same statement may succeed in another session: the connection broke, a plan is no
longer valid, the server takes no writes or the transaction has failed, a prepared statement is gone, the server is
leaving, or it does not know itself what is wrong."""


class Pool:
    """Tortoise's pool of connections while it is entered as an asynchronous context manager.

    It connects when a connection is asked for, so that a service can start before its database. With
    `refuse_not_durable` a server that could lose an acknowledged commit counts as one that is away. There are never
    more than `size` sessions in the server, and `commits` of them at most wait for a commit.

    After anything but a proper answer of the server a session is dropped, and no other that was there before is used
    again: after a failover none of them would answer, or all of them would lead to a server that takes no writes.

    A session that is given back is kept at hand for who comes next, unless somebody waits: to go through asyncpg's pool
    takes a fifth of all the time that a lone signal does.
    """

    def __init__(self, url: str, limits: Limits, *, size: int, refuse_not_durable: bool = False) -> None:
        self._seconds = limits.command_seconds
        self.commits = size - 1  # if none of them is answered, one session is left to try again
        self._commits = asyncio.Semaphore(self.commits)
        self._unanswered: set[asyncio.Task[Any]] = set()
        self._at_hand: Session | None = None
        self._waiting = 0
        self._expired = 0

        async def prepare(connection: asyncpg.Connection) -> None:
            watch(connection)
            await connection.set_type_codec("json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary")
            await check_session(connection, refuse=refuse_not_durable)
            await settle_and_tell(connection)

        pool: dict[str, Any] = {"minsize": 0, "maxsize": size, "init": prepare, "reset": _nothing_to_reset}
        self.connector = service_connector(url, limits)
        self._config = orm_config(self.connector, **pool)
        self._context = TortoiseContext()

    async def __aenter__(self) -> Self:
        # Entered only while the models are read: it is kept here, and looked up neither by task nor by process.
        with self._context:
            await self._context.init(self._config)
        await self._client.create_connection(with_db=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await _end(self._unanswered)
        await self._expire()
        await self._context.close_connections()

    @property
    def in_use(self) -> int:
        """How many connections somebody works with, or cannot let go of, now."""
        at_hand = self._at_hand is not None and not self._at_hand.is_closed
        return int(self._pool.get_size() - self._pool.get_idle_size() - at_hand)

    async def dedicated(self) -> asyncpg.Connection:
        """A connection that is no part of the pool, for who keeps it. Raises NoConnection."""
        connection = await self.connector()
        watch(connection)
        return connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for what changes nothing, or waits for no standby with it. Raises TimeoutError when that takes
        longer than `command_seconds`, the wait for a free connection included."""
        try:
            async with asyncio.timeout(self._seconds), _Use(self) as session:
                yield session.connection
        except TimeoutError:
            await self._expire()
            raise

    async def commit(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """What `work` returns, once all that it has committed is confirmed. It must return something empty when it has
        committed nothing.

        A commit may wait for a synchronous standby. No timeout of the server ends that, and the server does not look
        whether its client is still there; to cancel it would show the row without its standby. So when this gives up,
        the session stays taken until the server has answered, or until a later commit is confirmed: then no earlier
        one waits any more, and the connection must be dead.

        Raises TimeoutError when there is no answer within `command_seconds`, the wait for a free connection included,
        and NotConfirmed when the server has not waited for its standbys. Either way all may have been committed.
        """
        earlier = set(self._unanswered)
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(self._seconds) as limit, self._commits:
            attempt = asyncio.create_task(self._attempt(work, limit, outcome))
            try:
                result = await outcome
            finally:
                if not attempt.done():
                    await self._leave(attempt)
        if result:
            await _end(earlier)
        return result

    async def _attempt(
        self,
        work: Callable[[asyncpg.Connection], Awaitable[Result]],
        limit: asyncio.Timeout,
        outcome: asyncio.Future[Result],
    ) -> None:
        """Whoever waits for the outcome may have given up, perhaps just now."""
        try:
            async with _Use(self, limit.when()) as session:
                if limit.expired():  # and the cancellation was lost on the way here
                    raise TimeoutError
                session.forget_warning()
                result = await work(session.connection)
                session.require_confirmed()
        except Exception as error:
            if not outcome.done():
                outcome.set_exception(error)
        else:
            if not outcome.done():
                outcome.set_result(result)
        finally:
            outcome.cancel()

    async def _leave(self, attempt: asyncio.Task[Any]) -> None:
        self._unanswered.add(attempt)
        attempt.add_done_callback(self._unanswered.discard)
        await self._expire()

    async def _take(self, until: float | None) -> Session:
        """Raises TimeoutError when no session is free until then."""
        session, self._at_hand = self._at_hand, None
        if session is not None:
            if not session.is_closed:
                return session
            session.drop()  # or asyncpg's pool would never learn of it
        expired = self._expired
        self._waiting += 1
        try:
            async with asyncio.timeout_at(until):
                return Session(await self._pool.acquire(), expired)
        finally:
            self._waiting -= 1

    async def _give_back(self, session: Session, error: BaseException | None) -> None:
        """Take it back from who had it, after this error of his."""
        if error is not None and not _answered_properly(error):
            session.drop()
            if isinstance(error, Exception):  # and not his cancellation
                await self._expire()
        if self._at_hand is None and not self._waiting and session.expired == self._expired and session.is_sound:
            self._at_hand = session
        else:
            session.end()
            await self._pool.release(session.connection)

    async def _expire(self) -> None:
        """Use no session again that was there before. Idle ones end now, or their successors would be too many."""
        self._expired += 1
        if self._at_hand is not None:
            self._at_hand.drop()
            self._at_hand = None
        while self._pool.get_idle_size():
            (await self._pool.acquire()).terminate()
        await self._pool.expire_connections()

    @property
    def _pool(self) -> asyncpg.Pool:
        return cast(asyncpg.Pool, self._client._pool)

    @property
    def _client(self) -> AsyncpgDBClient:
        return cast(AsyncpgDBClient, self._context.db())


class _Use:
    """A session of a pool for a block. Raises TimeoutError when none is free until then. No generator, since with one a
    lone signal takes longer."""

    def __init__(self, pool: Pool, until: float | None = None) -> None:
        self._pool, self._until = pool, until

    async def __aenter__(self) -> Session:
        self._session = await self._pool._take(self._until)
        return self._session

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        await self._pool._give_back(self._session, error)


async def _end(attempts: Collection[asyncio.Task[Any]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    if attempts:  # to gather nothing takes a turn of the event loop
        await asyncio.gather(*attempts, return_exceptions=True)


def _answered_properly(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return bool(error.sqlstate) and not error.sqlstate.startswith(_SERVER_FAULTS)
    return isinstance(error, NotConfirmed | Refusal)


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """The service leaves nothing behind in a session, so that asking the server to reset it would be a wasted trip."""
