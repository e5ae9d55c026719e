"""Connections that cannot hang."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from service.http.errors import NotFound
from service.kernel.limits import Limits
from service.postgres.pool import Pool
from service.postgres.session import Session
from tests.postgres.backends import backend
from tests.postgres.database_url import with_options
from tests.postgres.locks import locked
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

LIMITS = Limits()
SHORT = Limits(connect_seconds=1, lock_seconds=1, statement_seconds=1, command_seconds=1.5)
"""Short enough to wait for, and long enough that a busy machine opens a session meanwhile."""


def failure(sqlstate: str) -> str:
    """A statement that fails with this SQLSTATE."""
    return f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"


SERVER_FAULTS = [
    *map(failure, ["08006", "0A000", "25006", "25P02", "26000", "57P01", "XX000"]),
    "SELECT pg_terminate_backend(pg_backend_pid())",
]
OTHER_FAULTS = [failure(sqlstate) for sqlstate in ("22P02", "23514", "40001", "54000", "55P03", "57014")]


async def two_backends(pool: Pool) -> set[int]:
    """The processes that serve the first two sessions."""
    async with pool.connection() as one, pool.connection() as other:
        return {await backend(one), await backend(other)}


async def write(connection: asyncpg.Connection) -> str:
    """Commit something small; where in the write-ahead log it stands."""
    return str(await connection.fetchval("SELECT pg_logical_emit_message(true, 'test', '')"))


@pytest.mark.anyio
async def test_every_connection_has_its_limits(shared_database: Database) -> None:
    names = ["application_name", "statement_timeout", "lock_timeout", "synchronous_commit"]
    async with Pool(shared_database.url, LIMITS, size=4) as pool, pool.connection() as client:
        shown = {name: await client.fetchval("SELECT current_setting($1)", name) for name in names}
    assert shown == {
        "application_name": "signals",
        "statement_timeout": "1500ms",
        "lock_timeout": "1s",
        "synchronous_commit": "on",
    }


@pytest.mark.anyio
async def test_the_url_wins_over_the_limits_of_the_service(shared_database: Database) -> None:
    url = with_options(shared_database.url, application_name="probe")
    async with Pool(url, LIMITS, size=4) as pool, pool.connection() as client:
        assert await client.fetchval("SHOW application_name") == "probe"


@pytest.mark.anyio
async def test_the_pool_is_as_large_as_it_is_set(shared_database: Database) -> None:
    async with (
        Pool(shared_database.url, LIMITS, size=2) as pool,
        pool.connection() as first,
        pool.connection() as second,
    ):
        assert await backend(first) != await backend(second)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), pool.connection():
                pass


@pytest.mark.anyio
@pytest.mark.parametrize("statement", SERVER_FAULTS)
async def test_after_a_fault_of_the_server_no_session_is_used_again(shared_database: Database, statement: str) -> None:
    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        before = await two_backends(pool)
        with pytest.raises(asyncpg.PostgresError):
            async with pool.connection() as connection:
                await connection.execute(statement)
        assert not before & await two_backends(pool)


@pytest.mark.anyio
@pytest.mark.parametrize("statement", OTHER_FAULTS)
async def test_after_another_fault_all_sessions_are_used_again(shared_database: Database, statement: str) -> None:
    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        before = await two_backends(pool)
        with pytest.raises(asyncpg.PostgresError):
            await pool.commit(lambda connection: connection.execute(statement))
        assert before == await two_backends(pool)


@pytest.mark.anyio
async def test_after_a_fault_of_the_server_the_session_at_hand_is_not_used_again(shared_database: Database) -> None:
    before = []

    async def fail(pool: Pool) -> None:
        async with pool.connection() as failing:
            async with pool.connection() as at_hand:
                before.append(await backend(at_hand))
            await failing.execute(SERVER_FAULTS[0])

    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        with pytest.raises(asyncpg.PostgresError):
            await fail(pool)
        assert not {*before} & await two_backends(pool)


@pytest.mark.anyio
async def test_a_session_that_was_taken_before_a_fault_is_not_kept_at_hand(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        async with pool.connection() as earlier:
            before = await backend(earlier)
            with pytest.raises(asyncpg.PostgresError):
                async with pool.connection() as failing:
                    await failing.execute(SERVER_FAULTS[0])
        assert before not in await two_backends(pool)


@pytest.mark.anyio
async def test_a_session_at_hand_that_broke_is_replaced(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=1) as pool:
        async with pool.connection() as connection:
            session = connection._con
        shared_database.execute(f"SELECT pg_terminate_backend({session.get_server_pid()})")
        await until(session.is_closed, "it is known that it broke")
        assert pool.in_use == 0
        async with pool.connection() as connection:
            assert await backend(connection) != session.get_server_pid()


@pytest.mark.anyio
async def test_a_session_at_hand_that_asyncpg_has_broken_off_makes_way_for_another(shared_database: Database) -> None:
    """It does not tell its own pool, where it does not understand the server for one."""
    async with Pool(shared_database.url, SHORT, size=1) as pool:
        async with pool.connection() as connection:
            before = await backend(connection)
        connection._con._protocol.abort()
        async with pool.connection() as connection:
            assert await backend(connection) != before


async def begin(connection: asyncpg.Connection) -> None:
    """Leave a transaction open."""
    await connection.execute("BEGIN")


async def begin_in_vain(connection: asyncpg.Connection) -> None:
    """Leave a transaction that asyncpg takes for open, as it does with one that the server refuses to begin."""
    await connection.transaction().start()
    await connection.execute("ROLLBACK")


@pytest.mark.parametrize("leave", [begin, begin_in_vain])
@pytest.mark.anyio
async def test_what_was_left_open_in_a_session_is_ended(
    shared_database: Database, leave: Callable[[asyncpg.Connection], Awaitable[None]]
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # asyncpg complains
    async with Pool(shared_database.url, LIMITS, size=1) as pool:
        async with pool.connection() as connection:
            await leave(connection)
            before = await backend(connection)
        async with pool.connection() as connection, connection.transaction(isolation="serializable"):
            assert await connection.fetchval("SHOW transaction_isolation") == "serializable"
            assert await backend(connection) == before


@pytest.mark.anyio
async def test_who_waits_for_a_session_gets_the_next_that_is_free(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=1) as pool:

        async def wait() -> int:
            async with pool.connection() as connection:
                return await backend(connection)

        async with pool.connection() as connection:
            waits = asyncio.create_task(wait())
            before = await backend(connection)
        assert await waits == before


@pytest.mark.anyio
async def test_a_session_at_hand_is_not_in_use(shared_database: Database) -> None:
    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        async with pool.connection(), pool.connection():
            assert pool.in_use == 2
        assert pool.in_use == 0


@pytest.mark.anyio
async def test_a_refusal_is_no_fault_of_the_session(shared_database: Database) -> None:
    """Red when whatever is raised meanwhile counts as one: a reader who asks for what is archived ends them all."""

    async def refuse(_: asyncpg.Connection) -> None:
        raise NotFound

    async with Pool(shared_database.url, LIMITS, size=3) as pool:
        before = await two_backends(pool)
        with pytest.raises(NotFound):
            await pool.commit(refuse)
        assert before == await two_backends(pool)


@pytest.mark.anyio
async def test_a_connection_whose_statement_was_given_up_is_dropped_at_once(shared_database: Database) -> None:
    pids = []

    async def run(pool: Pool, statement: str, seconds: float) -> None:
        async with asyncio.timeout(seconds), pool.connection() as client:
            pids.append(await backend(client))
            await client.execute(statement)

    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        with pytest.raises(TimeoutError):
            await run(pool, "SELECT pg_sleep(2.5)", seconds=0.2)
        await run(pool, "SELECT 1", seconds=1.5)
    assert len(set(pids)) == 2


@pytest.mark.anyio
async def test_the_server_gives_up_on_a_lock_before_the_client_does(database: Database) -> None:
    limits = Limits(lock_seconds=0.2)
    async with locked(database), Pool(database.url, limits, size=4) as pool, pool.connection() as client:
        with pytest.raises(asyncpg.LockNotAvailableError):
            await client.execute("DELETE FROM signals")


@pytest.mark.anyio
async def test_connections_that_went_silent_do_not_fill_the_pool(shared_database: Database) -> None:
    """A commit that is not answered keeps its session, but no longer than until the next one is confirmed."""
    async with database_proxy(shared_database.url) as proxy, Pool(proxy.url, SHORT, size=2) as pool:
        for _ in range(4):
            assert await pool.commit(write)
            proxy.go_silent()
            with pytest.raises(TimeoutError):
                await pool.commit(write)


@pytest.mark.anyio
async def test_commits_that_are_not_answered_leave_a_session_for_others(shared_database: Database) -> None:
    async with database_proxy(shared_database.url) as proxy, Pool(proxy.url, SHORT, size=3) as pool:
        await two_backends(pool)
        proxy.go_silent()
        failed = await asyncio.gather(*(pool.commit(write) for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in failed] == [TimeoutError] * 5
        assert await pool.commit(write)


@pytest.mark.anyio
async def test_what_is_given_up_before_it_has_a_session_is_not_begun(
    shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when the cancellation is lost on the way to a session, as asyncio's `wait_for` may lose one."""
    given_up, begun = asyncio.Event(), asyncio.Event()

    async def work(_: asyncpg.Connection) -> bool:
        begun.set()
        return True

    async with Pool(shared_database.url, SHORT, size=2) as pool:
        take = pool._take

        async def take_late(_: float | None) -> Session:
            await given_up.wait()
            return await take(None)

        monkeypatch.setattr(pool, "_take", take_late)
        with pytest.raises(TimeoutError):
            await pool.commit(work)
        given_up.set()
        await until(lambda: not pool._unanswered, "it has ended")
        assert not begun.is_set()


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.anyio
async def test_a_commit_that_ends_as_it_is_given_up_leaves_no_error_behind(
    shared_database: Database, fails: bool
) -> None:
    """Red when nobody asks for it: asyncio complains, which fails the test, and is a line in the log."""
    begun, ending = asyncio.Event(), asyncio.Event()

    async def work(_: asyncpg.Connection) -> bool:
        begun.set()
        await ending.wait()
        if fails:
            raise TimeoutError
        return True

    async with Pool(shared_database.url, LIMITS, size=2) as pool:
        commit = asyncio.create_task(pool.commit(work))
        await begun.wait()
        ending.set()
        commit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await commit
        await pool.commit(write)
    del commit
    gc.collect()


@pytest.mark.anyio
async def test_the_kernel_ends_a_connection_whose_other_end_is_gone(shared_database: Database) -> None:
    async with (
        database_proxy(shared_database.url) as proxy,
        Pool(proxy.url, LIMITS, size=2) as pool,
        pool.connection() as connection,
    ):
        end = connection._transport.get_extra_info("socket")
        idle, interval, count = (
            end.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle + count * interval == 10
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
