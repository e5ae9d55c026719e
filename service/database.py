"""PostgreSQL through Tortoise: configuration, connections that cannot hang, migrations, readiness, durability."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from aerich import Command
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection

from service.logs import log
from service.settings import load_settings

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x5369676E616C73
"""The advisory lock that lets one process migrate at a time: the ASCII bytes of `Signals`."""

CONNECT_SECONDS = 2.0
STATEMENT_SECONDS = 3.0
LOCK_SECONDS = 2.0
COMMAND_SECONDS = 4.0
"""Limits of a connection's life, each shorter than the five seconds in which a request is answered. The server
gives up on a statement before the client does, so that an abandoned one does not go on by itself."""

_SESSION = {
    "application_name": "signals",
    "statement_timeout": str(int(STATEMENT_SECONDS * 1000)),
    "lock_timeout": str(int(LOCK_SECONDS * 1000)),
    "synchronous_commit": "on",
}

READINESS_SECONDS = 1.5

_DURABILITY = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"
_DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_write", "remote_apply"}}

_PROBE = """
WITH write AS (UPDATE signals SET status = status WHERE false),
     prune AS (DELETE FROM receipts WHERE false)
SELECT version FROM aerich WHERE app = 'models'
"""
"""Changes nothing, yet fails where a signal could not be stored: tables missing or locked, database read-only."""


class NotDurable(Exception):
    """The server may lose a commit that it has acknowledged; the message names the settings at fault."""


def tortoise_config(url: str, *, pool_size: int, refuse_not_durable: bool = False) -> dict[str, Any]:
    """Tortoise's configuration for the service: every wait on PostgreSQL has a limit.

    With `refuse_not_durable` a server that could lose an acknowledged commit counts as one that is away.
    """

    async def check(connection: asyncpg.Connection) -> None:
        await _check_durability(connection, refuse=refuse_not_durable)

    pool = {
        "minsize": 1,
        "maxsize": pool_size,
        "timeout": CONNECT_SECONDS,
        "command_timeout": COMMAND_SECONDS,
        "init": check,
        "reset": _nothing_to_reset,
    }
    return _config(_session_arguments(url) | pool)


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """The service leaves nothing behind in a session, so that asking the server to reset it would be a wasted trip."""


def _config(credentials: dict[str, Any]) -> dict[str, Any]:
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {"models": {"models": ["service.models", "aerich.models"], "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


def connection_arguments(url: str) -> dict[str, Any]:
    """What asyncpg needs to follow a libpq connection URL: https://www.postgresql.org/docs/current/libpq-connect.html

    The password is optional, `?host=` may name a socket directory, and `?sslmode=` is understood.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "localhost")
    port = int(options.pop("port", 0)) or parts.port or 5432
    arguments: dict[str, Any] = {
        "host": host,
        "port": port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")),
    }
    if "sslmode" in options:
        arguments["ssl"] = options.pop("sslmode")
    return arguments | {"server_settings": options}


def _session_arguments(url: str) -> dict[str, Any]:
    """The same for a session of the service: with its limits, unless the URL sets others."""
    arguments = connection_arguments(url)
    return arguments | {"server_settings": _SESSION | arguments["server_settings"]}


def __getattr__(name: str) -> Any:
    """`TORTOISE_ORM`, for aerich's own command line: read when it is asked for, so that importing does nothing."""
    if name != "TORTOISE_ORM":
        raise AttributeError(name)
    url = load_settings().database_url
    if url is None:
        raise RuntimeError(
            "DATABASE_URL is not set: aerich needs it (`signals migrate` also knows the embedded database)"
        )
    return _config(connection_arguments(url.get_secret_value()))


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection]:
    """A connection from Tortoise's pool for one statement.

    After anything but a proper answer of the server the connection is dropped at once: waiting for a server that
    does not answer to confirm a cancellation could take for ever. The others of the pool are not used again either,
    since after a failover none of them would answer, and each would cost its own four seconds.
    """
    client = cast(AsyncpgDBClient, get_connection("default"))
    async with client.acquire_connection() as connection:
        try:
            yield connection
        except asyncpg.PostgresError:
            raise
        except BaseException:
            connection.terminate()
            await client._expire_connections()
            raise


class Readiness:
    """Tells whether a signal could be stored now. One probe at a time, however often it is asked.

    `failing` tells whether the latest attempt to store signals failed: some faults, like a full disk, only show then.
    """

    def __init__(self, failing: Callable[[], bool]) -> None:
        self._failing = failing
        self._probe: asyncio.Task[str | None] | None = None

    async def obstacle(self) -> str | None:
        """Why the service cannot store signals, in a few words; None when it can. Takes at most 1.5 seconds."""
        return await self._answer() or ("writes fail" if self._failing() else None)

    async def _answer(self) -> str | None:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._probe}, timeout=READINESS_SECONDS)
        return self._probe.result() if done else "no answer"

    async def _ask(self) -> str | None:
        try:
            async with connection() as database:
                applied = {row["version"] for row in await database.fetch(_PROBE)}
        except NotDurable as error:
            return f"not durable: {error}"
        except asyncpg.UndefinedTableError:
            return "migrations are missing: run `signals migrate`"
        except asyncpg.ReadOnlySQLTransactionError:
            return "read-only"
        except asyncpg.LockNotAvailableError:
            return "locked"
        except asyncpg.InsufficientPrivilegeError:
            return "not permitted"
        except Exception as error:
            log.warning("Database not reachable", exception=error)
            return "not reachable"
        return "migrations are missing: run `signals migrate`" if set(migration_files()) - applied else None


def migration_files() -> list[str]:
    """The names of the migrations that this version of the service needs, in order."""
    return sorted((path.name for path in (MIGRATIONS / "models").glob("[0-9]*_*.py")), key=_number)


def _number(name: str) -> int:
    return int(name.split("_")[0])


async def migrate(url: str, *, down: bool = False) -> list[str]:
    """Bring the schema up to date, or undo the newest migration; returns the migrations that were run.

    Safe when several processes start at once: one does the work, the others find nothing to do.
    """
    arguments = connection_arguments(url)
    lock = await asyncpg.connect(**arguments, timeout=CONNECT_SECONDS)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        async with Command(_config(arguments), app="models", location=str(MIGRATIONS)) as command:
            if not down:
                return await command.upgrade()
            return await command.downgrade(version=-1, delete=False) if await _any_applied(lock) else []
    finally:
        await lock.close()


async def _any_applied(database: asyncpg.Connection) -> bool:
    if await database.fetchval("SELECT to_regclass('aerich')") is None:
        return False
    return bool(await database.fetchval("SELECT EXISTS (SELECT FROM aerich WHERE app = 'models')"))


async def check_durability(url: str, *, refuse: bool) -> None:
    """Warn when the server could lose an acknowledged commit; with `refuse`, raise NotDurable instead.

    Raises OSError, TimeoutError or asyncpg.PostgresError when the server is away.
    """
    database = await asyncpg.connect(**_session_arguments(url), timeout=CONNECT_SECONDS)
    try:
        await _check_durability(database, refuse=refuse)
    finally:
        await database.close()


async def _check_durability(database: asyncpg.Connection, *, refuse: bool) -> None:
    settings: Mapping[str, str] = dict(await database.fetch(_DURABILITY, list(_DURABLE)))
    weak = ", ".join(f"{name} is {settings[name]}" for name, safe in _DURABLE.items() if settings[name] not in safe)
    if weak and refuse:
        raise NotDurable(weak)
    if weak:
        log.warning("PostgreSQL may lose acknowledged signals", settings=weak)
