"""The parent of the worker processes is killed: they leave at once, and so the port is free for another."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.reliability.lab import Lab
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import signals
from tests.reliability.serving import Service
from tests.running.processes import alive
from tests.running.waiting import until
from tests.speaking.connection import Connection
from tests.speaking.exchange import Answer

pytestmark = pytest.mark.anyio

LEAVE_SECONDS = 2.0
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'signals'::regclass"

UnderWay = tuple[asyncpg.Connection, "asyncio.Task[Answer]"]
"""A session that holds the lock, and the answer that waits for it."""


@asynccontextmanager
async def signal_under_way(lab: Lab, postgresql: PostgreSQL, service: Service) -> AsyncIterator[UnderWay]:
    """A signal that waits for its table, which is locked."""
    holder, connection = await postgresql.connect(), Connection(service.port)
    await holder.execute("BEGIN; LOCK TABLE signals IN EXCLUSIVE MODE")
    answer = asyncio.create_task(connection.ask(next(signals(lab.seed)).request))
    try:
        while not await holder.fetchval(WAITING):  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.02)
        yield holder, answer
    finally:
        answer.cancel()
        await asyncio.wait({answer})
        connection.close()
        await holder.close()


@pytest.mark.parametrize("answerable", [True, False], ids=["answerable", "not answerable"])
async def test_the_parent_of_the_workers_is_killed(lab: Lab, answerable: bool) -> None:
    """With a signal under way, which is answered if it can be. Red without the watch: both workers went on for as long
    as anybody looked, with the port taken."""
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url, workers=2)
    family = service.family()
    async with signal_under_way(lab, postgresql, service) as (holder, answer):
        service.kill()
        killed = time.monotonic()
        if answerable:
            await holder.execute("ROLLBACK")
            assert (await answer).status == 201
        left = killed + LEAVE_SECONDS - time.monotonic()
        await until(lambda: not any(map(alive, family)), "the workers have left", left)
    with socket.create_server(("127.0.0.1", service.port)):
        pass  # the port is free
