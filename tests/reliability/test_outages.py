"""A database that does not store: every answer keeps its limit, readiness tells, and nothing needs a restart."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import producing
from tests.reliability.readiness import watching
from tests.reliability.waiting import until

pytestmark = pytest.mark.anyio

BACK_SECONDS = 2.0
NOT_READY_SECONDS = 2.0
CONNECTIONS = 17
DISK_MEGABYTES = 112
BEFORE_AND_AFTER = 300
"""How many signals are acknowledged before an outage, and again after it."""

Fault = Callable[[PostgreSQL], AbstractAsyncContextManager[None]]


async def _outage(lab: Lab, name: str, postgresql: PostgreSQL, fault: Fault, seconds: float) -> None:
    """One outage of that many seconds under load, from beginning to end."""
    ledger = Ledger()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed), watching(service.port) as readiness:
        await lab.acknowledged(ledger, BEFORE_AND_AFTER)
        began = time.monotonic()
        async with fault(postgresql):
            in_force = time.monotonic()
            await asyncio.sleep(seconds)
            ending = time.monotonic()
        ended = time.monotonic()
        first = await lab.created_after(ledger, ending)
        await until(lambda: readiness.first(ready=True, after=ending) is not None, "the service is ready again")
        await lab.acknowledged(ledger, BEFORE_AND_AFTER)
    back = [max(0.0, first - ended)]
    told = readiness.first(ready=False, after=began)
    run = await lab.conclude(name, 1, postgresql, ledger, back, [] if told is None else [max(0.0, told - in_force)])
    run.check(times=1, acknowledged=2 * BEFORE_AND_AFTER)
    run.check_resends()
    assert ledger.longest_silence(since=began) > 0.8 * seconds, "invalid: the fault had no effect"
    run.check_answers("500 internal_error")
    run.check_back(BACK_SECONDS)
    run.check_not_ready(NOT_READY_SECONDS)
    assert not readiness.said_ready_between(in_force + NOT_READY_SECONDS, ending), "ready was said during the outage"
    ready = readiness.first(ready=True, after=ending)
    assert ready is not None
    assert ready - ended <= BACK_SECONDS, f"ready again {ready - ended:.2f} s after the outage"


@pytest.mark.parametrize("table", ["signals", "receipts"])
async def test_table_is_locked(lab: Lab, table: str) -> None:
    """Someone else holds a table in an exclusive lock."""

    @asynccontextmanager
    async def locked(postgresql: PostgreSQL) -> AsyncIterator[None]:
        connection = await postgresql.connect()
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
        await connection.close()

    await _outage(lab, f"table {table} locked", await lab.postgresql(), locked, lab.size(3, 10))


async def test_postgresql_is_frozen(lab: Lab) -> None:
    """SIGSTOP of every process of PostgreSQL: connections stay open and nobody answers."""

    @asynccontextmanager
    async def frozen(postgresql: PostgreSQL) -> AsyncIterator[None]:
        postgresql.freeze()
        yield
        postgresql.thaw()

    await _outage(lab, "PostgreSQL frozen (SIGSTOP)", await lab.postgresql(), frozen, lab.size(6, 10))


async def test_connections_are_used_up(lab: Lab) -> None:
    """Others hold every connection that an ordinary user may have; the service has lost its own."""

    @asynccontextmanager
    async def crowded(postgresql: PostgreSQL) -> AsyncIterator[None]:
        others: list[Any] = []
        while len(others) < CONNECTIONS:
            try:
                others.append(await postgresql.connect(user="signals"))
            except asyncpg.TooManyConnectionsError:
                await postgresql.terminate_backends()
        yield
        for connection in others:
            connection.terminate()

    postgresql = await lab.postgresql(
        settings={"max_connections": str(CONNECTIONS + 3), "superuser_reserved_connections": "3"}
    )
    await _outage(lab, "connections used up", postgresql, crowded, lab.size(3, 10))


async def test_database_is_read_only(lab: Lab) -> None:
    """Every transaction is read-only, as on a server that was demoted."""

    @asynccontextmanager
    async def read_only(postgresql: PostgreSQL) -> AsyncIterator[None]:
        await postgresql.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await postgresql.execute("SELECT pg_reload_conf()")
        yield
        await postgresql.execute("ALTER SYSTEM RESET default_transaction_read_only")
        await postgresql.execute("SELECT pg_reload_conf()")

    await _outage(lab, "database read-only", await lab.postgresql(), read_only, lab.size(3, 10))


async def test_disk_is_full(lab: Lab) -> None:
    """Not a byte is free for tables and write-ahead log. When PostgreSQL itself gives up, it is started again
    after there is room; the service never is."""

    @asynccontextmanager
    async def full(postgresql: PostgreSQL) -> AsyncIterator[None]:
        ballast = postgresql.folder / "ballast"
        _fill(ballast)
        yield
        ballast.unlink()
        if not postgresql.running:
            postgresql.start()
        await postgresql.answering()

    postgresql = await lab.postgresql(folder=lab.use(_small_disk()))
    await _outage(lab, "disk full", postgresql, full, lab.size(3, 10))


@contextmanager
def _small_disk() -> Iterator[Path]:
    """A file system of its own, with room for a little more than an empty PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="signals-disk-") as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", folder], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip("a small tmpfs cannot be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def test_backends_are_terminated(lab: Lab) -> None:
    """Every session of the service is ended by the server, again and again."""
    times, each = lab.size(4, 40), lab.size(150, 250)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed):
        for _ in range(times):
            await lab.acknowledged(ledger, each)
            assert await postgresql.terminate_backends(), "invalid: the service had no session"
            ended = time.monotonic()
            back_after.append(await lab.created_after(ledger, ended) - ended)
        await lab.acknowledged(ledger, each)
    run = await lab.conclude("all backends terminated", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers()
    run.check_back(BACK_SECONDS)
