"""Clients that take their time, in crowds: one event loop drives them all."""

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.hostile.requests import HEALTH, LONGEST, POST, claiming
from tests.running.waiting import DEADLINE_SECONDS

PAUSE_SECONDS = 0.5
RECEIVE_BUFFER = 4096


@dataclass(frozen=True, slots=True)
class Habit:
    """A client that sends `begin`, and then `piece` again and again. It may read nothing. `kept_by` names the limit
    that it meets, and `answered` the status of the answer that it gets."""

    begin: bytes
    piece: bytes
    kept_by: str
    answered: int | None
    reads: bool = True


HABITS = {
    "silent": Habit(b"", b"", "idle", None),
    "dripping head": Habit(b"GET / HTTP/1.1\r\nX-Note: ", b"x", "receive", 408),
    "dripping body": Habit(POST + b"Content-Length: 10000\r\n\r\n", b"x", "receive", 408),
    "idle keep-alive": Habit(HEALTH, b"", "idle", 200),
    "reading nothing": Habit(LONGEST * 9, b"\r\n", "idle", None, False),
}


@dataclass(frozen=True, slots=True)
class Cut:
    """How it ended for one client: after how many seconds, and what it had read."""

    habit: str
    seconds: float
    received: bytes


async def besiege(port: int, number: int, within: float) -> Sequence[Cut]:
    """Let `number` clients of each habit come, evenly in `within` seconds, and return when the last one is cut."""
    habits = [*HABITS] * number
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_be(habit, port, within * place / len(habits))) for place, habit in enumerate(habits)
        ]
    return [task.result() for task in tasks]


async def _be(name: str, port: int, delay: float) -> Cut:
    await asyncio.sleep(delay)
    habit = HABITS[name]
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        if not habit.reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        await loop.sock_connect(client, ("127.0.0.1", port))
        started = time.monotonic()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await loop.sock_sendall(client, claiming(habit.begin))
            received = await (_drip_and_read if habit.reads else _drip)(client, habit.piece)
        return Cut(name, time.monotonic() - started, received)


async def _drip_and_read(client: socket.socket, piece: bytes) -> bytes:
    """Send pieces until the service hangs up, and return what it answered."""
    loop = asyncio.get_running_loop()
    received = b""
    while True:
        reading = asyncio.ensure_future(loop.sock_recv(client, 65536))
        while not (await asyncio.wait({reading}, timeout=PAUSE_SECONDS if piece else None))[0]:
            await loop.sock_sendall(client, piece)
        if not (data := reading.result()):
            return received
        received += data


async def _drip(client: socket.socket, piece: bytes) -> bytes:
    """Send pieces until the service cuts the connection."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await loop.sock_sendall(client, piece)
    except OSError:
        return b""
