"""Whether a commit that the server has acknowledged survives a crash of the server."""

from collections.abc import Mapping

import asyncpg

from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.connector import service_connector

_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"
_DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_write", "remote_apply"}}


class NotDurable(Exception):
    """The server may lose a commit that it has acknowledged; the message names the settings at fault."""


async def check_server(url: str, limits: Limits, *, refuse: bool) -> None:
    """Warn when the server could lose an acknowledged commit; with `refuse`, raise NotDurable instead.

    Raises NoConnection when the server is away.
    """
    connection = await service_connector(url, limits)()
    try:
        await check_session(connection, refuse=refuse)
    finally:
        await connection.close()


async def check_session(connection: asyncpg.Connection, *, refuse: bool) -> None:
    """The same for a session that is open."""
    settings: Mapping[str, str] = dict(await connection.fetch(_SETTINGS, list(_DURABLE)))
    weak = ", ".join(f"{name} is {settings[name]}" for name, safe in _DURABLE.items() if settings[name] not in safe)
    if weak and refuse:
        raise NotDurable(weak)
    if weak:
        log.warning("PostgreSQL may lose acknowledged signals", settings=weak)
