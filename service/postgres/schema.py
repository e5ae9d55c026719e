"""Migrations: which ones there are, and bringing a database up to date."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from aerich import Command

from service.kernel.limits import Limits
from service.lives import lives
from service.postgres.connector import Connector
from service.postgres.migrations.bound import taken_back
from service.settings import SettingsError, load_settings

MIGRATIONS = Path(__file__).parent / "migrations"
MODELS = ("service.postgres.models", "service.producers.models", "service.readers.models")
MIGRATION_LOCK = 0x5369676E616C73
"""The advisory lock that lets one process migrate at a time: the ASCII bytes of `Signals`."""

_TURN_SECONDS, _RETRY_SECONDS = 0.1, 2.0

_WAITS = "The migration waits for a table that others use, and tries again until it is free"

_UNLIMITED = {"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
"""A migration takes the time it takes, whatever is set on the role. But each says for how long it waits for a lock,
since whoever wants the same table waits behind it: less than intake does."""


def orm_config(connector: Connector, **pool: Any) -> dict[str, Any]:
    """Tortoise's configuration, with these options of asyncpg's pool."""
    credentials = {"connect": connector, **pool}
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {"models": {"models": [*MODELS, "aerich.models"], "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


def __getattr__(name: str) -> Any:
    """`TORTOISE_ORM`, for aerich's own command line: read when it is asked for, so that importing does nothing."""
    if name != "TORTOISE_ORM":
        raise AttributeError(name)
    url = load_settings().database_url
    if url is None:
        raise RuntimeError(
            "DATABASE_URL is not set: aerich needs it (`signals migrate` also knows the embedded database)"
        )
    return orm_config(_connector(url.get_secret_value()))


def migration_files() -> list[str]:
    """The names of the migrations that this version of the service needs, in order."""
    return sorted((path.name for path in (MIGRATIONS / "models").glob("[0-9]*_*.py")), key=_number)


def _number(name: str) -> int:
    return int(name.split("_")[0])


def _connector(url: str, session: Mapping[str, str] = _UNLIMITED) -> Connector:
    return Connector(url, session, Limits().connect_seconds)


async def migrate(url: str, *, down: bool = False) -> list[str]:
    """Bring the schema up to date, or undo the newest migration; returns the migrations that were run.

    Safe when several processes start at once: one does the work, the others find nothing to do. While somebody else
    uses a table it tries again and again, and says so once on standard error; signals are stored meanwhile. Raises
    SettingsError when a pooler is in the way, and NoConnection.
    """
    connector = _connector(url)
    # The lock of a transaction, since a pooler may give the one of a session to somebody else.
    async with unlimited(url) as lock, _turn(lock):
        before = await _applied(connector)
        if before or not down:
            # Who stands still in the middle of a migration does not keep a table for itself.
            await _run(_connector(url, _UNLIMITED | {"idle_in_transaction_session_timeout": "5000"}), down=down)
        return sorted(before ^ await _applied(connector), key=_number)


@asynccontextmanager
async def unlimited(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A session for what takes the time it takes. Raises SettingsError when a pooler is in the way, and
    NoConnection."""
    connector = _connector(url)
    connection = await connector()
    try:
        await _refuse_limits(connector, connection)
        yield connection
    finally:
        await connection.close()


async def _run(connector: Connector, *, down: bool) -> None:
    """Return when no table is in use any more that a migration needs for itself."""
    told = False
    command = Command(orm_config(connector), app="models", location=str(MIGRATIONS))
    async with taken_back(connector), command:
        while True:
            try:
                await (command.downgrade(version=-1, delete=False) if down else command.upgrade())
                return
            except asyncpg.LockNotAvailableError:
                if not told:
                    print(f"signals: {_WAITS}", file=sys.stderr)
            told = True
            await asyncio.sleep(_RETRY_SECONDS)


@asynccontextmanager
async def _turn(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """The time in which no other process migrates.

    The transaction that has the lock must hold no snapshot, nor may who waits for it have a transaction open: an index
    that is built meanwhile waits for the end of those whose snapshot it sees. A prepared statement would keep its own.
    """
    while True:
        async with connection.transaction(isolation="read_committed"):
            if await connection.execute(f"SELECT WHERE pg_try_advisory_xact_lock({MIGRATION_LOCK})") == "SELECT 1":
                yield
                return
        await asyncio.sleep(_TURN_SECONDS)


async def settle(url: str) -> lives.NewLife | None:
    """Begin a new life when the data has come into another server. Raises lives.Unsettled, and NoConnection."""
    connection = await _connector(url)()
    try:
        return await lives.settle(connection)
    finally:
        await connection.close()


async def _refuse_limits(connector: Connector, connection: asyncpg.Connection) -> None:
    limits = ", ".join(await connector.missing(connection))
    if limits:
        raise SettingsError(
            f"DATABASE_URL: a direct connection is needed here: the role has limits ({limits}) that cannot be "
            "lifted through a pooler"
        )


async def _applied(connector: Connector) -> set[str]:
    """The migrations that the database has."""
    connection = await connector()
    try:
        if await connection.fetchval("SELECT to_regclass('aerich')") is None:
            return set()
        return {row["version"] for row in await connection.fetch("SELECT version FROM aerich WHERE app = 'models'")}
    finally:
        await connection.close()
