"""What HTTP/1.1 demands of the head of a request, beyond what the parser sees to.

httptools (llhttp) itself refuses folded and misspelt headers, control characters, bare line feeds, a
Content-Length that is no number, given twice or beside Transfer-Encoding, and codings after `chunked`.
"""

import re
from collections.abc import Iterable

from service.http.errors import HeadersTooLarge, MalformedRequest

HEADERS_MAX = 100
"""How many headers a request may have. Each takes a hundred bytes of memory, were it as short as `A:`."""

Fields = Iterable[tuple[bytes, bytes]]
"""The headers: names in lower case, values without the spaces around them."""

_ABSOLUTE_FORM = re.compile(rb"https?://[^/?#]+/", re.IGNORECASE)

_HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[\w.~:%-]+\])(?::\d*)?")
"""RFC 9112 section 3.2 and RFC 3986 section 3.2: a name or an address, and perhaps a port. It may be empty."""


def check_head(method: bytes, target: bytes, version: str, fields: Fields) -> None:
    """Raise MalformedRequest for a request that is not HTTP/1.1, or HTTP/1.0, to the letter: where two servers could
    read it as two different requests, it is none."""
    hosts, codings = [], []
    for name, value in fields:
        if name == b"host":
            hosts.append(value)
        elif name == b"transfer-encoding":
            codings.append(value.lower())
    if method == b"CONNECT":  # for proxies (RFC 9110 section 9.3.6)
        raise MalformedRequest
    # RFC 9112 section 3.2: origin-form, asterisk-form, absolute-form.
    if not (target.startswith(b"/") or target == b"*" or _ABSOLUTE_FORM.match(target)):
        raise MalformedRequest
    if version != "1.1" and (version != "1.0" or codings):
        raise MalformedRequest
    if len(hosts) != 1 and (hosts or version == "1.1"):
        raise MalformedRequest
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise MalformedRequest
    if codings and codings != [b"chunked"]:
        raise MalformedRequest


def check_size(method: bytes, target: bytes, fields: Fields, limit: int) -> None:
    """Raise HeadersTooLarge for a head that has more than `limit` bytes when it is written with single spaces."""
    line = len(method) + len(target) + len("  HTTP/1.1\r\n")
    if line + sum(len(name) + len(value) + len(": \r\n") for name, value in fields) + len("\r\n") > limit:
        raise HeadersTooLarge


def without_upgrade(method: bytes, target: bytes, version: str, fields: Fields) -> bytes:
    """The head of a request that offers to go on in another protocol, without that offer: RFC 9110 section 7.8 lets
    a server ignore it. Written from what the parser has read, so that nobody reads it as another request."""
    lines = [b"%s: %s" % field for field in fields if field[0] != b"upgrade"]
    return b"\r\n".join([b"%s %s HTTP/%s" % (method, target, version.encode()), *lines, b"", b""])
