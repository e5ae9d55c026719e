"""PostgreSQL connection URLs: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlencode

Address = tuple[str | None, int | None]
"""A host, or the folder of a socket, and a port; None where the URL leaves it to libpq's variables and defaults."""

_FORM = "must look like postgresql://user:password@host:5432/database, with %40 for an @ in the password, %2F for a /"

_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_ASYNCPG = {
    *("user", "password", "passfile", "dbname", "service", "krbsrvname", "gsslib"),
    *("sslmode", "sslnegotiation", "sslpassword", "ssl_min_protocol_version", "ssl_max_protocol_version", *_FILES),
}
_OWN = {"host", "port", "application_name", "options", "connect_timeout", "target_session_attrs"}

_KEEPALIVES = ("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")
_IGNORED = {
    "channel_binding": "asyncpg cannot bind; sslmode=verify-full proves the server too",
    "client_encoding": "the service speaks UTF-8",
    "connection_limit": "DATABASE_POOL_SIZE says how many",
    "gssencmode": "asyncpg does not encrypt by GSSAPI",
    "pgbouncer": "a pooler is noticed without it",
    "pool_timeout": "the service has limits of its own",
    "schema": "it is the one that is used",
    "supa": "it means nothing to PostgreSQL",
    **dict.fromkeys(_KEEPALIVES, "the service watches over its connections itself"),
}
"""What providers and other programs put into URLs, and why it need not be obeyed."""

_CHOICES = {
    "channel_binding": ("disable", "prefer", "require"),
    "client_encoding": ("utf8", "UTF8", "UTF-8", "auto"),
    "gssencmode": ("disable", "prefer"),
    "schema": ("public",),
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("read-write", "primary", "any"),
}


@dataclass(frozen=True, slots=True)
class ConnectionUrl:
    """A connection URL, taken apart by libpq's rules: the query wins over what stands before it."""

    addresses: tuple[Address, ...]
    dsn: str = field(repr=False)
    """What asyncpg is to be told beside the addresses, the password included."""
    system_certificates: bool
    """Whether the server has to prove its name by a certificate that this machine trusts: `sslrootcert=system`."""
    any_server: bool
    """Whether a server that takes no writes will do."""
    connect_seconds: int | None
    application_name: str | None
    options: str | None
    """Settings for the session as on the server's command line: `-c name=value`."""
    warnings: tuple[str, ...]
    """A sentence for each parameter that is not obeyed."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError: a sentence that names the parameter at fault and repeats no value but a file's path."""
        parameters = _parameters(url)
        _check(parameters)
        system_certificates = parameters.get("sslrootcert") == "system"
        told = {name: value for name, value in parameters.items() if name in _ASYNCPG}
        if system_certificates:
            del told["sslrootcert"]
        return cls(
            addresses=tuple(_addresses(parameters)),
            dsn="postgresql://?" + urlencode(told, quote_via=quote),
            system_certificates=system_certificates,
            any_server=parameters.get("target_session_attrs") == "any",
            connect_seconds=_connect_seconds(parameters.get("connect_timeout", "0")),
            application_name=parameters.get("application_name"),
            options=parameters.get("options"),
            warnings=tuple(f"{name} is ignored: {_IGNORED[name]}" for name in parameters if name in _IGNORED),
        )

    def sets(self, name: str) -> bool:
        """Whether the options give this setting of the server."""
        given = re.findall(r"(?:-c\s*|--)([\w.-]+)=", self.options or "")
        return name in {each.replace("-", "_") for each in given}


def _parameters(url: str) -> dict[str, str]:
    """What the URL says, by libpq's names; what is empty is not said."""
    scheme, _, rest = url.partition("://")
    before, _, query = rest.partition("?")
    authority, _, database = before.partition("/")
    login, _, hosts = authority.rpartition("@")
    user, _, password = login.partition(":")
    if scheme not in {"postgres", "postgresql"} or "@" in database or "/" in database:
        raise ValueError(_FORM)
    names, ports = zip(*map(_host_and_port, hosts.split(",")), strict=True)
    parameters = {"user": unquote(user), "password": unquote(password), "dbname": unquote(database)}
    parameters |= {"host": ",".join(names), "port": ",".join(ports) if any(ports) else "", **dict(_pairs(query))}
    return {name: value for name, value in parameters.items() if value}


def _host_and_port(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^\[\]:]*))(?::(\d*))?", text)
    if found is None:
        raise ValueError(_FORM)
    return found[1] or unquote(found[2] or ""), found[3] or ""


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in filter(None, query.split("&")):
        name, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(_FORM)
        if (name, value) == ("ssl", "true"):  # JDBC's word, which libpq takes too
            name, value = "sslmode", "require"
        yield unquote(name), unquote(value)


def _check(parameters: Mapping[str, str]) -> None:
    if not {"dbname", "service"} & parameters.keys():
        raise ValueError(_FORM)
    for name, value in parameters.items():
        if name not in _ASYNCPG | _OWN | _IGNORED.keys():
            raise ValueError(f"{name} is no parameter that is known; a setting of the server goes into options")
        if value not in _CHOICES.get(name, (value,)):
            raise ValueError(f"{name} must be {' or '.join(_CHOICES[name])}")
    if parameters.get("sslrootcert") != "system":
        _check_files(parameters)
    elif parameters.get("sslmode") != "verify-full" or {"sslcert", "sslcrl"} & parameters.keys():
        raise ValueError("sslrootcert=system needs sslmode=verify-full, and goes without sslcert and sslcrl")


def _check_files(parameters: Mapping[str, str]) -> None:
    for name in _FILES:
        if name in parameters and not os.access(parameters[name], os.R_OK):
            raise ValueError(f"{name}: {parameters[name]} cannot be read")


def _addresses(parameters: Mapping[str, str]) -> Iterator[Address]:
    hosts = parameters.get("host", "").split(",")
    ports = parameters.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError("port must be one for all hosts, or one for each")
    for host, port in zip(hosts, ports, strict=True):
        yield host or None, _port(port) if port else None


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("port must be a number from 1 to 65535")
    return int(text)


def _connect_seconds(text: str) -> int | None:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError("connect_timeout must be a whole number of seconds")
    return int(text) if int(text) > 0 else None
