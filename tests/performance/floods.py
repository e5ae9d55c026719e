"""Floods of signed requests, and the service's own processor time for each, as its metrics tell it: neither the clients
nor PostgreSQL count."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from urllib.request import urlopen

from tests.performance.arithmetic import InvalidRun
from tests.performance.contestants import Server
from tests.speaking.connection import Connection

CONNECTIONS = 32


def as_sent(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A signal as it goes over the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /api/v1/signals HTTP/1.1\r\nHost: signals\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode() + body


def flood_cost(server: Server, requests: Sequence[bytes], status: int) -> float:
    """Microseconds for each of the requests. Raises InvalidRun when one is answered with another status."""
    before = _processor_seconds(server)
    asyncio.run(_send(server, requests, status))
    return (_processor_seconds(server) - before) / len(requests) * 1e6


def _processor_seconds(server: Server) -> float:
    with urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    [figure] = [line for line in lines if line.startswith("process_cpu_seconds_total ")]
    return float(figure.partition(" ")[2])


async def _send(server: Server, requests: Sequence[bytes], status: int) -> None:
    waiting = iter(requests)
    await asyncio.gather(*(_send_one_by_one(Connection(server.port), waiting, status) for _ in range(CONNECTIONS)))


async def _send_one_by_one(connection: Connection, requests: Iterator[bytes], status: int) -> None:
    for request in requests:
        answer = await connection.ask(request)
        if answer.status != status:
            raise InvalidRun(f"{answer.status} in place of {status}: {answer.body!r}")
    connection.close()
