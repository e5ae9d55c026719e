"""Requests as bytes, to be spoilt by the tests."""

from base64 import b64encode
from datetime import UTC, datetime

from tests.running.deployment import SECRET
from tests.speaking.exchange import SIGNALS, Request
from tests.speaking.producer import Seal, compute_mac, time_text

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


def claiming(sent: bytes) -> bytes:
    """What is sent with signing headers that are well-formed and in time, but prove nothing: its body is read."""
    seal = Seal(b"stranger", time_text(datetime.now(UTC)).encode(), b64encode(bytes(32)))
    headers = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in seal.put_on(Request()).headers)
    return sent.replace(POST, POST + headers)


def chunks(body: bytes, size: int) -> bytes:
    """`body` in chunks of `size` bytes, the last one included."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def encode(request: Request) -> bytes:
    """A request as it goes over the wire, with what HTTP/1.1 demands beside its own headers."""
    return encoded_head(request) + (chunks(_body(request), 5000) if not request.length_declared else _body(request))


def encoded_head(request: Request) -> bytes:
    """The first part of it, up to the body."""
    headers = list(request.headers)
    if not any(name.lower() == "host" for name, _ in headers):
        headers.insert(0, ("Host", b"signals"))
    length = ("Content-Length", b"%d" % len(_body(request)))
    headers.append(length if request.length_declared else ("Transfer-Encoding", b"chunked"))
    lines = b"".join(b"%s: %s\r\n" % (name.encode("latin-1"), value) for name, value in headers)
    return b"%s %s HTTP/1.1\r\n%s\r\n" % (request.method.encode(), request.path.encode("latin-1"), lines)


def _body(request: Request) -> bytes:
    return request.body or b""


def signed(
    body: bytes,
    *,
    producer_id: bytes = b"mt5-gold-1",
    timestamp: bytes | None = None,
    secret: bytes = SECRET,
    length_declared: bool = True,
) -> Request:
    """A request with `body` that is signed now, or at another time."""
    timestamp = time_text(datetime.now(UTC)).encode() if timestamp is None else timestamp
    seal = Seal(producer_id, timestamp, b64encode(compute_mac(secret, body, timestamp, producer_id)))
    json = (("Content-Type", b"application/json"),)
    return seal.put_on(Request("POST", SIGNALS, json, body, length_declared))


def signal_body(**texts: str) -> bytes:
    """The body of a valid signal but for the given fields, each as the JSON text of its value; empty for none."""
    fields = {"instrument": '"XAUUSD"', "side": "0", "time": '"2026-01-31T12:00:00Z"', **texts}
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in fields.items() if text) + "}").encode()
