"""Migrations: which ones there are, and bringing a database up to date."""

from pathlib import Path
from typing import Any

import asyncpg
from aerich import Command

from service.kernel.limits import Limits
from service.postgres.url import connection_arguments
from service.settings import load_settings

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x5369676E616C73
"""The advisory lock that lets one process migrate at a time: the ASCII bytes of `Signals`."""


def orm_config(credentials: dict[str, Any]) -> dict[str, Any]:
    """Tortoise's configuration, with these credentials of asyncpg's."""
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {"models": {"models": ["service.postgres.models", "aerich.models"], "default_connection": "default"}},
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
    return orm_config(connection_arguments(url.get_secret_value()))


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
    lock = await asyncpg.connect(**arguments, timeout=Limits().connect_seconds)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        async with Command(orm_config(arguments), app="models", location=str(MIGRATIONS)) as command:
            if not down:
                return await command.upgrade()
            return await command.downgrade(version=-1, delete=False) if await _any_applied(lock) else []
    finally:
        await lock.close()


async def _any_applied(connection: asyncpg.Connection) -> bool:
    if await connection.fetchval("SELECT to_regclass('aerich')") is None:
        return False
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM aerich WHERE app = 'models')"))
