"""Sessions: which host they are on, what is set in them, and how a database that cannot be reached is told."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from service.kernel.limits import Limits
from service.postgres.connector import Connector, NoConnection, service_connector
from service.postgres.pool import Pool
from service.settings import SettingsError
from tests.postgres.database_url import through, with_options
from tests.running.pgbouncer import pgbouncer
from tests.running.postgres import Database
from tests.running.waiting import DEADLINE_SECONDS

LIMITS = Limits(connect_seconds=1)


async def obstacle(url: str) -> str:
    """Why there is no session at this URL."""
    with pytest.raises(NoConnection) as refused:
        await service_connector(url, LIMITS)()
    return str(refused.value)


async def shown(url: str, name: str) -> str:
    """A setting in a session of the service."""
    session = await service_connector(url, LIMITS)()
    value: str = await session.fetchval("SELECT current_setting($1)", name)
    await session.close()
    return value


async def until_there_is_a_session(url: str) -> None:
    """Return as soon as a session can be opened."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            with suppress(NoConnection):
                session = await service_connector(url, LIMITS)()
                await session.close()
                return


@contextmanager
def silent_host(folder: Path) -> Iterator[Path]:
    """The folder of a socket that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / ".s.PGSQL.5432"))
        listener.listen()
        yield folder


# What is set


@pytest.mark.anyio
async def test_the_options_of_the_url_win_over_the_limits_of_the_service(shared_database: Database) -> None:
    url = with_options(shared_database.url, statement_timeout="7s", application_name="probe")
    assert await shown(url, "statement_timeout") == "7s"
    assert await shown(url, "application_name") == "probe"
    assert await shown(url, "lock_timeout") == "1s"


@pytest.mark.anyio
async def test_the_url_names_the_application(shared_database: Database) -> None:
    assert await shown(f"{shared_database.url}&application_name=a%2Fb", "application_name") == "a/b"


@pytest.mark.anyio
async def test_a_session_without_a_limit_of_the_service_is_noticed(shared_database: Database) -> None:
    connector = service_connector(shared_database.url, LIMITS)
    session = await connector()
    assert await connector.missing(session) == {}
    await session.execute("SET statement_timeout = '3001ms'; SET lock_timeout = 0")
    assert await connector.missing(session) == {"lock_timeout": 1000, "statement_timeout": 1500}
    await session.execute("SET statement_timeout = '1499ms'; SET lock_timeout = '1s'")
    assert await connector.missing(session) == {}
    await session.close()


@pytest.mark.anyio
async def test_a_limit_of_the_url_is_nobody_elses_business(shared_database: Database) -> None:
    connector = service_connector(with_options(shared_database.url, statement_timeout="0"), LIMITS)
    session = await connector()
    assert await connector.missing(session) == {}
    await session.close()


# Hosts


@pytest.mark.anyio
async def test_a_host_that_is_down_is_passed_over(shared_database: Database, tmp_path: Path) -> None:
    assert await shown(through(shared_database.url, tmp_path), "application_name") == "signals"


@pytest.mark.anyio
async def test_a_host_that_is_silent_leaves_time_for_the_next(shared_database: Database, tmp_path: Path) -> None:
    limits = Limits(connect_seconds=2)
    with silent_host(tmp_path) as silent:
        async with asyncio.timeout(limits.connect_seconds):
            session = await service_connector(through(shared_database.url, silent), limits)()
        await session.close()


@pytest.mark.anyio
async def test_a_server_that_takes_no_writes_is_passed_over(shared_database: Database) -> None:
    query = "SET default_transaction_read_only TO on"
    with pgbouncer(shared_database.url, "transaction", connect_query=query) as url:
        folder = Path(url.partition("host=")[2].partition("&")[0])
        both = through(shared_database.url, folder, port=6432)
        assert await shown(both, "transaction_read_only") == "off"
        assert await shown(f"{both}&target_session_attrs=any", "transaction_read_only") == "on"
        assert await obstacle(url) == f"{folder}:6432: takes no writes"


@pytest.mark.anyio
async def test_a_server_that_takes_writes_again_is_used_whatever_the_greeting_of_the_pooler_says(
    database: Database,
) -> None:
    name = database.value("SELECT current_database()")
    with pgbouncer(database.url, "transaction") as url:
        database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        assert (await obstacle(url)).endswith("takes no writes")
        database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
        database.execute(others, name)
        greeting = await asyncpg.connect(url, statement_cache_size=0)
        assert greeting.get_settings().default_transaction_read_only == "on"
        await greeting.close()
        await until_there_is_a_session(url)


# What is told


@pytest.mark.anyio
async def test_each_host_is_told_with_what_was_in_the_way(tmp_path: Path) -> None:
    with silent_host(tmp_path) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://keeper:hidden-word@nowhere.invalid:6432,127.0.0.1:{port},nowhere/none"
        told = await obstacle(url + f"?host=nowhere.invalid,127.0.0.1,{silent},/nowhere&port=6432,{port},5432,5432")
    unresolved, refused, unanswered, missing = told.split("; ")
    assert unresolved.startswith("nowhere.invalid:6432: ")
    assert len(unresolved) > len("nowhere.invalid:6432: ")
    assert refused.startswith(f"127.0.0.1:{port}: Connect")
    assert unanswered == f"{silent}:5432: no answer in time"
    assert missing == "/nowhere:5432: No such file or directory"


@pytest.mark.anyio
async def test_the_connect_timeout_of_the_url_is_for_each_host(tmp_path: Path) -> None:
    with silent_host(tmp_path) as silent:
        loop = asyncio.get_running_loop()
        started = loop.time()
        connector = Connector(f"postgresql:///none?host={silent}&connect_timeout=1", {}, seconds=60)
        with pytest.raises(NoConnection):
            await connector()
        assert loop.time() - started < 30


@pytest.mark.anyio
async def test_the_server_is_told_in_its_own_words(shared_database: Database) -> None:
    gone = shared_database.url.replace("/signals_test_", "/no_such_")
    assert "no_such_" in await obstacle(gone)
    assert (await obstacle(gone)).endswith("does not exist")
    unknown = await obstacle(with_options(shared_database.url, no_such_setting="1"))
    assert unknown.endswith('unrecognized configuration parameter "no_such_setting"')


@pytest.mark.anyio
async def test_what_asyncpg_cannot_follow_is_a_fault_of_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nowhere")
    for query, fault in [
        ("sslmode=verify-full", r'root certificate file "/nowhere/.postgresql/root.crt" does not exist'),
        ("sslmode=require&ssl_min_protocol_version=TLSv9", "No such TLS version: TLSv9"),
        ("sslnegotiation=direct", "direct TLS requires sslmode=require"),
    ]:
        with pytest.raises(SettingsError, match=f"^DATABASE_URL: {fault}"):
            await service_connector(f"postgresql://keeper:hidden-word@127.0.0.1/none?{query}", LIMITS)()


@pytest.mark.anyio
async def test_a_pool_opens_its_sessions_in_this_way(shared_database: Database, tmp_path: Path) -> None:
    async with Pool(through(shared_database.url, tmp_path), LIMITS, size=2) as pool, pool.connection() as connection:
        assert await connection.fetchval("SHOW application_name") == "signals"
