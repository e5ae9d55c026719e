"""What HTTP/1.1 demands of the head of a request, beyond what the parser sees to.

httptools (llhttp) itself refuses folded and misspelt headers, control characters, bare line feeds, a
Content-Length that is no number, given twice or beside Transfer-Encoding, and codings after `chunked`.
"""

import re
from collections.abc import Iterable

from service.http.errors import HeadersTooLarge, MalformedRequest, UpgradeRefused

Fields = Iterable[tuple[bytes, bytes]]
"""The headers as the parser gives them: names in lower case, values perhaps with spaces behind."""

_ABSOLUTE_FORM = re.compile(rb"https?://[^/?#]+/", re.IGNORECASE)

_HOST = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[\w.~:%-]+\])(?::\d*)?")
"""RFC 9112 section 3.2 and RFC 3986 section 3.2: a name or an address, and perhaps a port. It may be empty."""


def check_head(target: bytes, version: str, fields: Fields) -> None:
    """Raise UpgradeRefused for a request to change the protocol, MalformedRequest for one that is not HTTP/1.1,
    or HTTP/1.0, to the letter: where two servers could read it as two different requests, it is none."""
    hosts, codings = [], []
    for name, value in fields:
        if name == b"host":
            hosts.append(value.strip(b" \t"))
        elif name == b"transfer-encoding":
            codings.append(value.strip(b" \t").lower())
        elif name == b"upgrade":
            raise UpgradeRefused
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
