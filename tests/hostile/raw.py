# ruff: noqa: RUF001
"""What is sent to a web server by those who do not speak HTTP, or speak it to be misunderstood.

Nothing of this may be stored. Where a valid signed signal is hidden in it, a server that loses its place would take
it for a request.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.hostile.mutations import mutated
from tests.hostile.requests import (
    CHUNKED,
    HEALTH,
    NO_SIGNAL,
    POST,
    chunks,
    claiming,
    encode,
    health,
    signal_body,
    signed,
)
from tests.hostile.seed import drawing

FLOOD_BYTES = 100_000


class Ending(Enum):
    """What the client does when it has sent everything."""

    FINISHES = "says that there is no more, and listens"
    WAITS = "waits"
    HANGS_UP = "hangs up"
    RESETS = "resets the connection"


@dataclass(frozen=True)
class RawInput:
    """The bytes of one connection, in the pieces in which they are sent, and how it ends."""

    title: str
    pieces: tuple[bytes, ...]
    ending: Ending


def raw_input(number: int) -> RawInput:
    """Input number `number`. All kinds come in turn."""
    draw = drawing("raw", number)
    make = _KINDS[number % len(_KINDS)]
    data = make(draw)
    ending = draw.choices(list(Ending), weights=[16, 1, 2, 1])[0]
    return RawInput(make.__name__.strip("_").replace("_", " "), _cut(data, draw), ending)


def _cut(data: bytes, draw: random.Random) -> tuple[bytes, ...]:
    cuts = sorted(draw.randint(0, len(data)) for _ in range(draw.choice([0, 0, 1, 3])))
    return tuple(data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True))


def _hidden() -> bytes:
    return encode(signed(signal_body()))


_LENGTHS = (
    "Content-Length: {0}", "content-length:{0}", "Content-Length:\t{0} ", "CONTENT-LENGTH: 0{0}", "Content-Length: 0",
    "Content-Length: +{0}", "Content-Length: {0}, {0}", "Content-Length: {0}\r\nContent-Length: 0",
    "Content-Length: -1", "Content-Length: 0x{0}", "Content-Length : {0}", "Content-Length: {0}\r\n ",
    "Content-Length: 1{0}00000000000000000000",
)  # fmt: skip
_CODINGS = (
    "Transfer-Encoding: chunked", "transfer-encoding:chunked", "Transfer-Encoding:\tCHUNKED",
    "Transfer-Encoding: identity", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding : chunked", "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding:", "Transfer-Encoding: chunked;x=1", "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: chunked\r\n\t, x",
)  # fmt: skip


def _length_beside_coding(draw: random.Random) -> bytes:
    """RFC 9112 section 6.1: ought to be handled as an error."""
    body = draw.choice([b"0\r\n\r\n", b"2\r\n[]\r\n0\r\n\r\n", b"", b"[]"])
    pair = [draw.choice(_LENGTHS).format(len(body)).encode(), draw.choice(_CODINGS).encode()]
    draw.shuffle(pair)
    return POST + b"\r\n".join(pair) + b"\r\n\r\n" + body + _hidden()


_SIZES = (
    "{0:x} ", " {0:x}", "0x{0:x}", "+{0:x}", "-{0:x}", "{0:x}h", "{0}.0", "", ";", "\x00{0:x}", "{0:x}\n", "{0:x}\r",
    "{0:x}\r\r\n", "{0:x};a\n", "{0:x};\x00", "fffffffffffffffff", "{0:x}\t", "１", "g", "1" * 40,
)  # fmt: skip


def _bad_chunks(draw: random.Random) -> bytes:
    hidden = _hidden()
    size = draw.choice(_SIZES).format(len(hidden)).encode()
    bad = draw.choice(
        [
            size + b"\r\n" + hidden + b"\r\n0\r\n\r\n",
            b"%x\r\n%s0\r\n\r\n" % (len(hidden) - 1, hidden),
            b"1\r\n\r\n\r\n" + size + b"\r\n" + hidden,
            b"%x\n%s\n0\n\n" % (len(hidden), hidden),
            b"2\r\n[]0\r\n\r\n" + hidden,
            b"0\r\n" + draw.choice([b" a: b", b"a", b": b", b"a\x00: b", b"a : b"]) + b"\r\n\r\n" + hidden,
        ]
    )
    return claiming(CHUNKED) + bad


_SPOILT = (
    b"X-Note: a\r\n b", b"X-Note: a\r\n\tb", b"X-Note : a", b"X-Note", b": a", b"X-Note: \x00", b"X-Note: a\rb",
    b"X-Note: a\nb", b" X-Note: a", b"X Note: a", b"X-Note\x00: a", b"X(Note): a", b"\xe9: a", b"X-Note: \x7f",
    b"X-Note: \x0b", b"Host: b", b"\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n X: y",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked",
)  # fmt: skip


def _spoilt_headers(draw: random.Random) -> bytes:
    head = draw.choice([health(draw.choice(_SPOILT)), POST + draw.choice(_SPOILT) + b"\r\nContent-Length: 0\r\n\r\n"])
    if draw.random() < 0.3:
        head = HEALTH.replace(b"\r\n", b"\n")
    return head + _hidden()


_LINES = (
    "GET {0} HTTP/1.1", "POST {0}  HTTP/1.1", "GET {0}", "GET  {0} HTTP/1.1", "GET\t{0}\tHTTP/1.1",
    "get {0} HTTP/1.1", "GET {0} HTTP/1.1 x", "GET {0} HTTP/2.0", "GET {0} HTTP/1.2", "GET {0} HTTP/0.9",
    "GET {0} HTTP/11", "GET {0} http/1.1", "GET {0} ICY/1.0", "{0} HTTP/1.1", "CONNECT {0} HTTP/1.1",
    "BREW {0} HTTP/1.1", "GET {0}\x00 HTTP/1.1", "GET {0}#x HTTP/1.1", "GET http://{0} HTTP/1.1", " GET {0} HTTP/1.1",
    "PRI {0} HTTP/2.0", "M-SEARCH {0} HTTP/1.1", "PROPFIND {0} HTTP/1.1", "GET {0} HTTP/1.1\r", "QUERY {0} HTTP/1.1",
)  # fmt: skip
_TARGETS = (
    "/",
    "*",
    "/api/v1/signals",
    "//x",
    "/..",
    "/%00",
    "/%zz",
    "/?\x01",
    "signals:443",
    "ftp://x/",
    "http://signals:99999/",
    "/ x",
    "\xe9",
    "",
)


def _request_lines(draw: random.Random) -> bytes:
    line = draw.choice(_LINES).format(draw.choice(_TARGETS)).encode("latin-1")
    host = draw.choice([b"Host: signals\r\n", b"", b"Host: a\r\nHost: b\r\n", b"Host: a/b\r\n", b"Host:\r\n"])
    return line + b"\r\n" + host + b"\r\n"


def _huge_heads(draw: random.Random) -> bytes:
    begin, unit = draw.choice(
        [
            (b"GET /", b"x"),
            (b"GET /?", b"%00"),
            (health()[:-2] + b"X-Note: ", b"x"),
            (health()[:-2], b"X-Note: x\r\n"),
            (health()[:-2], b"A:\r\n"),
            (b"", b"\r\n"),
            (b"", b"G"),
            (health()[:-2] + b"X-Note:", b" "),
        ]
    )
    size = draw.choice([16_000, 17_000, FLOOD_BYTES])
    return begin + unit * (size // len(unit)) + draw.choice([b"", b"\r\n\r\n"])


def _huge_bodies(draw: random.Random) -> bytes:
    begin, unit = draw.choice(
        [
            (POST + b"Content-Length: 9999999\r\n\r\n", b"x"),
            (CHUNKED, b"1\r\n \r\n"),
            (CHUNKED + b"1;", b"x"),
            (CHUNKED, b"0"),
            (CHUNKED + b"0\r\n", b"A: b\r\n"),
            (CHUNKED + b"fffffff\r\n", b"x"),
        ]
    )
    return claiming(begin) + unit * (FLOOD_BYTES * 5 // len(unit))


def _pipelines(draw: random.Random) -> bytes:
    """Up to 200 honest requests that store nothing, and then something else."""
    ahead = b"".join(draw.choice([HEALTH, claiming(NO_SIGNAL)]) for _ in range(draw.choice([1, 2, 20, 200])))
    return ahead + draw.choice(
        [b"\x00" + _hidden(), b"GET\r\n" + _hidden(), HEALTH[:-3], NO_SIGNAL[:-1], b"\x16\x03\x01", b"[]", b""]
    )


def _halves(draw: random.Random) -> bytes:
    """A valid signed signal but for its end."""
    request = signed(signal_body(), length_declared=draw.random() < 0.5)
    whole = encode(request)
    return whole[: draw.choice([draw.randrange(len(whole)), len(whole) - 1])]


_PREFACES = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x16\x03\x03\x00\x00", b"\x80\x2e\x01\x00\x02",
    b"\x15\x03\x01\x00\x02\x02\x28", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00\x00\x00\x00\x00", b"\x05\x01\x00", b"\x04\x01\x00\x50",
    b"SSH-2.0-OpenSSH_9.6\r\n", b"EHLO x\r\n", b"USER anonymous\r\n", b"*1\r\n$4\r\nPING\r\n", b"stats\r\n",
    b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"\x03\x00\x00\x13\x0e\xe0", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    b"\r\n\r\n\x00\r\nQUIT\n", b"\xff\xfb\x01", b"\x10\x0c\x00\x04MQTT\x04\x02", b"OPTIONS sip:x SIP/2.0\r\n\r\n",
    b"RTSP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"\xef\xbb\xbfGET / HTTP/1.1\r\n\r\n",
)  # fmt: skip


def _other_protocols(draw: random.Random) -> bytes:
    return draw.choice(_PREFACES) + draw.randbytes(draw.choice([0, 5, 50, 500])) + draw.choice([b"", _hidden()])


def _noise(draw: random.Random) -> bytes:
    return draw.randbytes(draw.choice([1, 10, 100, 1000, 30_000]))


def _requests_changed(draw: random.Random) -> bytes:
    """No signal is hidden here, since the change may be one that HTTP allows."""
    body = signal_body()
    honest = [HEALTH, NO_SIGNAL, CHUNKED + chunks(body, 9), POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)]
    return mutated(claiming(b"".join(draw.choices(honest, k=draw.randint(1, 3)))), draw)


_KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    _length_beside_coding,
    _length_beside_coding,
    _bad_chunks,
    _spoilt_headers,
    _request_lines,
    _huge_heads,
    _huge_bodies,
    _pipelines,
    _halves,
    _other_protocols,
    _noise,
    _requests_changed,
    _requests_changed,
)
