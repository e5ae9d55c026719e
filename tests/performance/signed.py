"""Signals of an exact size, signed beforehand, so that a run spends its time on the server and not on signing."""

import random
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from service.proof.signing import sign

SECRET = "the-secret-of-the-benchmark-is-long-enough"
PRODUCER_ID = "bench"
INSTRUMENTS = (
    *("XAUUSD", "EURUSD", "GBPUSD", "USDJPY", "XAGUSD", "BTCUSD", "ETHUSD", "AUDUSD", "NZDUSD", "USDCHF"),
    *("USDCAD", "EURJPY", "GBPJPY", "EURGBP", "US500X", "NAS100", "GER40X", "UKOILX", "USOILX", "NATGAS"),
)

_tickets = count(1_000_000_000)
"""Ten digits each; never the same twice in a process, so no two requests are the same."""


def body_parts(size: int, now: datetime) -> tuple[str, str, str]:
    """What stands before the instrument, before the ticket and after the ticket in a body of exactly `size` bytes."""
    head = '{"instrument":"'
    middle = f'","side":0,"time":"{now:%Y-%m-%dT%H:%M:%SZ}","payload":{{"ticket":'
    start, end = ',"strategy":"breakout-m15","atr14":3.1417,"bars":[', '"},"version":1}'
    room = size - len(head + middle + start + '],"note":"' + end) - len(INSTRUMENTS[0]) - 10
    if room < 0:
        raise ValueError(f"a body has at least {size - room} bytes")
    bars = _bars(room)
    return head, middle, start + bars + '],"note":"' + "n" * (room - len(bars)) + end


def _bars(room: int) -> str:
    """Candles, open to close and volume, as many as fit into `room` characters."""
    draw = random.Random(1)  # noqa: S311  # prices, not secrets
    price, bars = 2650.0, ""
    while True:
        price += draw.uniform(-2, 2)
        low, high = price - draw.uniform(0, 3), price + draw.uniform(0, 3)
        bar = f"[{price:.2f},{high:.2f},{low:.2f},{draw.uniform(low, high):.2f},{draw.randrange(9000)}]"
        longer = f"{bars},{bar}" if bars else bar
        if len(longer) > room:
            return bars
        bars = longer


def payload_text(size: int) -> str:
    """The payload of a body of `size` bytes, for pgbench."""
    _, middle, tail = body_parts(size, datetime.now(UTC))
    return "{" + middle.partition("{")[2] + "1000000000" + tail.removesuffix(',"version":1}')


def signed_request(size: int, producer_id: str = PRODUCER_ID) -> tuple[bytes, dict[str, str]]:
    """One signed signal of a producer: its body and its headers."""
    now = datetime.now(UTC)
    head, middle, tail = body_parts(size, now)
    body = f"{head}{INSTRUMENTS[0]}{middle}{next(_tickets)}{tail}".encode()
    return body, headers_for(body, f"{now:%Y-%m-%dT%H:%M:%S.%fZ}", producer_id)


def headers_for(body: bytes, timestamp: str, producer_id: str = PRODUCER_ID) -> dict[str, str]:
    """The headers of a signed signal."""
    return {
        "Content-Type": "application/json",
        "X-Producer-Id": producer_id,
        "X-Timestamp": timestamp,
        "X-Signature": sign(SECRET.encode(), body, timestamp, producer_id),
    }


def write_signed(path: Path, size: int, number: int) -> None:
    """Writes `number` signed signals of `size` bytes, all different, in the form that drive.lua reads."""
    head, middle, tail = body_parts(size, datetime.now(UTC))
    with path.open("w", encoding="ascii") as file:
        file.write(f"{head}\n{middle}\n{tail}\n")
        for n in range(number):
            instrument, ticket = INSTRUMENTS[n % len(INSTRUMENTS)], next(_tickets)
            timestamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            body = f"{head}{instrument}{middle}{ticket}{tail}".encode()
            file.write(f"{instrument}{ticket}{timestamp}{sign(SECRET.encode(), body, timestamp, PRODUCER_ID)}\n")
