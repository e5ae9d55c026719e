"""Connection URLs with more in them."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit


def with_options(url: str, **settings: str) -> str:
    """The URL with settings of the server in its options."""
    parts = urlsplit(url)
    options = quote(" ".join(f"-c {name}={value}" for name, value in settings.items()))
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, f"options={options}"]))))


def through(url: str, folder: Path, port: int = 5432) -> str:
    """The URL with another host, the folder of a socket, before its own."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    return urlunsplit(parts._replace(query=f"host={folder},{host}&port={port},{parts.port or 5432}"))
