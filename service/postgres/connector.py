"""Sessions on PostgreSQL, directly or through a pooler, and whether the limits of the service hold in them."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

from service.environment import file_problem
from service.kernel.limits import Limits
from service.lives.session import PooledSession, Session
from service.notation.connection_url import Address, ConnectionUrl
from service.settings import SettingsError

_TAKES_WRITES = "current_setting('transaction_read_only') = 'off'"
"""Asked, and not taken from the greeting as asyncpg does: after a failover a pooler repeats the one that it has."""


class NoConnection(ConnectionError):
    """No session could be opened. The message says for each host what was in the way, in the server's own words.

    `sqlstate` is that of the last refusal, or 08001: unable to establish a connection.
    """

    def __init__(self, obstacles: list[str], last: Exception) -> None:
        super().__init__("; ".join(obstacles))
        self.sqlstate: str = getattr(last, "sqlstate", None) or "08001"


class Connector:
    """Opens sessions on the PostgreSQL of a connection URL. asyncpg's pool takes it in place of its own `connect`.

    The hosts of the URL are tried in their order, each for the URL's `connect_timeout` or an equal share of `seconds`.
    A server that takes no writes is passed over. `session` is what the server is asked to set, but for what the URL's
    own options set; behind a pooler it may not be in force. Who was a pooler is taken for one at once from then on:
    after a failover all sessions are opened anew, and each would be opened twice.
    """

    def __init__(self, url: str, session: Mapping[str, str], seconds: float) -> None:
        try:
            self._url = ConnectionUrl.parse(url)
        except ValueError as error:
            raise SettingsError(f"DATABASE_URL: {error}") from None
        self._session = {name: value for name, value in session.items() if not self._url.sets(name)}
        self._identity = {} if self._url.sets("application_name") else {"application_name": "signals"}
        self._seconds = self._url.connect_seconds or seconds / len(self._url.addresses)
        self._poolers = dict[Address, Mapping[str, str]]()
        """The addresses of poolers, with what each of them can be asked to set."""

    async def __call__(self, *_: object, **options: Any) -> asyncpg.Connection:
        """A new session, with those of asyncpg's `options` that do not say where it is to be.

        Raises NoConnection, SettingsError when asyncpg cannot follow the URL, and OSError about a file in the way.
        """
        obstacles: list[str] = []
        for address in self._url.addresses:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._open(address, options)
            except asyncpg.ClientConfigurationError as error:
                raise SettingsError(f"DATABASE_URL: {error.args[0]}") from None
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if file_problem(error):
                    raise
                obstacles.append(f"{_name(address)}: {_words(error)}")
                last: Exception = error
        raise NoConnection(obstacles, last) from last

    async def missing(self, connection: asyncpg.Connection) -> dict[str, int]:
        """The time limits that are not in force in this session, with what they should be at most, in milliseconds."""
        wanted = {name: int(value) for name, value in self._session.items() if name.endswith("_timeout")}
        query = "SELECT name, setting::int FROM pg_settings WHERE name = ANY($1) ORDER BY name"
        found = await connection.fetch(query, [*wanted])
        return {name: wanted[name] for name, value in found if value != wanted[name] and not 0 < value < wanted[name]}

    async def _open(self, address: Address, options: dict[str, Any]) -> asyncpg.Connection:
        if address not in self._poolers:
            try:
                return await self._connect(address, options, self._session)
            except _Pooled:
                self._poolers[address] = self._session
            except asyncpg.ProtocolViolationError:  # PgBouncer refuses settings that it does not know how to pass on
                self._poolers[address] = {}
        try:
            return await self._connect(address, options | {"statement_cache_size": 0}, self._poolers[address])
        except asyncpg.ProtocolViolationError:  # it knew them before
            self._poolers.pop(address, None)
            raise

    async def _connect(
        self, address: Address, options: dict[str, Any], session: Mapping[str, str]
    ) -> asyncpg.Connection:
        prepares = options.get("statement_cache_size") != 0
        kind = {"connection_class": Session if prepares else PooledSession}
        connection = await asyncpg.connect(**(options | self._arguments(address, session) | kind))
        try:
            if await _holds(connection, f"pg_backend_pid() = {connection.get_server_pid()}"):
                self._poolers.pop(address, None)
            elif prepares:
                raise _Pooled
            if not self._url.any_server and not await _holds(connection, _TAKES_WRITES):
                raise asyncpg.ReadOnlySQLTransactionError("takes no writes")
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _arguments(self, address: Address, session: Mapping[str, str]) -> dict[str, Any]:
        given = {"application_name": self._url.application_name, "options": self._url.options}
        settings = {**self._identity, **session, **{name: value for name, value in given.items() if value}}
        return {
            "dsn": self._url.dsn,
            "host": [address[0]] if address[0] else None,
            "port": address[1],
            **dict.fromkeys(["user", "password", "database"]),
            "ssl": self._url.system_certificates or None,
            "target_session_attrs": "any",
            "timeout": None,
            "server_settings": settings,
        }


class _Pooled(Exception):
    """What answers is no session of the server but a pooler: a prepared statement of one session may turn up in
    another that has the same name for one of its own."""


async def _holds(connection: asyncpg.Connection, condition: str) -> bool:
    """Ask the server without a prepared statement."""
    answer: str = await connection.execute(f"SELECT WHERE {condition}")
    return answer == "SELECT 1"


def _name(address: Address) -> str:
    return ":".join(str(part) for part in address if part) or "the default host"


def _words(error: Exception) -> str:
    strerror = getattr(error, "strerror", None)
    return strerror or str(error).partition("\n")[0] or "no answer in time"


def service_connector(url: str, limits: Limits) -> Connector:
    """Sessions for the service itself, with its limits."""
    session = {
        "statement_timeout": str(int(limits.statement_seconds * 1000)),
        "lock_timeout": str(int(limits.lock_seconds * 1000)),
        "synchronous_commit": "on",
    }
    return Connector(url, session, limits.connect_seconds)
