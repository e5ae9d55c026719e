"""A connection says what became of a request: answered, not sent, broken off, or never answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.running.ports import free_port
from tests.running.waiting import until
from tests.speaking.connection import Broken, Connection, NotSent

pytestmark = pytest.mark.anyio

REQUEST = b"GET / HTTP/1.1\r\nHost: signals\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Server:
    """Answers requests as planned, hangs up after all but a GOOD answer, and keeps silent at the end of the plan."""

    def __init__(self, *plan: bytes) -> None:
        self.accepted = 0
        self._plan = iter(plan)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.accepted += 1
        while await reader.read(65536):
            answer = next(self._plan, None)
            writer.write(answer or b"")
            if answer not in {GOOD, None}:
                break
        writer.close()


@asynccontextmanager
async def connected(*plan: bytes) -> AsyncIterator[tuple[Connection, Server]]:
    """A connection to a server with this plan."""
    server = Server(*plan)
    async with await asyncio.start_server(server.accept, "127.0.0.1", 0) as listening:
        connection = Connection(listening.sockets[0].getsockname()[1])
        yield connection, server
        connection.close()


async def test_a_connection_is_kept_until_an_answer_says_otherwise() -> None:
    async with connected(GOOD, LAST, GOOD) as (connection, server):
        answers = [await connection.ask(REQUEST) for _ in range(3)]
        assert [(answer.label, answer.json()) for answer in answers] == [("200", {})] * 3
        assert server.accepted == 2


async def test_what_nobody_takes_was_not_sent() -> None:
    with pytest.raises(NotSent):
        await Connection(free_port()).ask(REQUEST)


@pytest.mark.parametrize("answer", [b"", GOOD[:-1]], ids=["nothing", "half an answer"])
async def test_what_was_sent_and_is_not_answered_is_broken(answer: bytes) -> None:
    async with connected(answer, GOOD) as (connection, _):
        with pytest.raises(Broken):
            await connection.ask(REQUEST)
        assert not connection.waiting
        assert (await connection.ask(REQUEST)).status == 200


async def test_patience_has_an_end() -> None:
    async with connected() as (connection, _):
        asking = asyncio.create_task(connection.ask(REQUEST, patience=0.2))
        await until(lambda: connection.waiting, "the request is handed over")
        with pytest.raises(TimeoutError):
            await asking
        assert not connection.waiting
