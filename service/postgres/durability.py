"""Whether a commit that the server has acknowledged survives a crash of the server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import asyncpg

from service.kernel.limits import Limits
from service.kernel.logs import log
from service.postgres.connector import service_connector

_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)"
_DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_write", "remote_apply"}}


_WARNING = "01000"
"""What comes with a commit whose wait for a standby was cancelled; PostgreSQL answers it as any other. All that this
SQLSTATE may mean is taken for that: to look once more costs little, and does wait."""


class NotDurable(Exception):
    """The server may lose a commit that it has acknowledged; the message names the settings at fault."""


class NotConfirmed(Exception):
    """The server has committed without waiting for its standbys; the message is the server's."""


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


@contextmanager
def confirmed(connection: asyncpg.Connection) -> Iterator[None]:
    """Raises NotConfirmed at the end when the server warned meanwhile that a commit has not waited for its standbys."""
    warnings: list[str] = []

    def heed(_: asyncpg.Connection, message: asyncpg.PostgresLogMessage) -> None:
        if message.sqlstate == _WARNING:
            warnings.append(message.message)

    connection.add_log_listener(heed)
    try:
        yield
    finally:
        with suppress(asyncpg.InterfaceError):  # a connection that broke has left the pool, and its listeners behind
            connection.remove_log_listener(heed)
    if warnings:
        raise NotConfirmed(warnings[0])
