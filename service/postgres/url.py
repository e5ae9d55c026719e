"""What asyncpg needs to follow a connection URL."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from service.kernel.limits import Limits


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


def session_arguments(url: str, limits: Limits) -> dict[str, Any]:
    """The same for a session of the service: with its limits, unless the URL sets others."""
    session = {
        "application_name": "signals",
        "statement_timeout": str(int(limits.statement_seconds * 1000)),
        "lock_timeout": str(int(limits.lock_seconds * 1000)),
        "synchronous_commit": "on",
    }
    arguments = connection_arguments(url)
    return arguments | {"timeout": limits.connect_seconds, "server_settings": session | arguments["server_settings"]}
