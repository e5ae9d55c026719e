"""Connection URLs with more in them."""

from urllib.parse import urlencode, urlsplit, urlunsplit


def with_options(url: str, **options: str) -> str:
    """The URL with options added to its query."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(options)]))
    return urlunsplit(parts._replace(query=query))
