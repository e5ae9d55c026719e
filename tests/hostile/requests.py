"""Requests as bytes, to be spoilt by the tests."""

HEALTH = b"GET /api/v1/health HTTP/1.1\r\nHost: signals\r\n\r\n"
"""A request that is answered with 200, whatever the database does."""

LONGEST = HEALTH.replace(b"api/v1/health", b"docs/swagger-ui-bundle.js")
"""The request with the longest answer that there is."""

POST = b"POST /api/v1/signals HTTP/1.1\r\nHost: signals\r\nContent-Type: application/json\r\n"
"""The head of a signal, to be gone on with."""

NO_SIGNAL = POST + b"Content-Length: 2\r\n\r\n[]"
"""A request that is answered with 422: its body was read to the end, and nothing is stored."""

CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def health(*headers: bytes) -> bytes:
    """A request for the health of the service with more headers."""
    return b"\r\n".join([HEALTH[:-4], *headers, b"", b""])


def chunks(body: bytes, size: int) -> bytes:
    """`body` in chunks of `size` bytes, the last one included."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
