"""A database that does not store: every answer keeps its limit, readiness tells, and nothing needs a restart."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import producing, signals
from tests.reliability.readiness import Readiness, watching
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

BACK_SECONDS = 2.0
NOT_READY_SECONDS = 2.0
NEW_CONNECTION_SECONDS = 3.5
CONNECTIONS = 17
DISK_MEGABYTES = 112
BEFORE_AND_AFTER = 300
"""How many signals are acknowledged before an outage, and again after it."""

Fault = Callable[[PostgreSQL], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Outage:
    """What happened from before a fault until after it; the moments at which it was begun, at which nothing was stored
    any more, at which it was to be ended, and at which it had ended."""

    ledger: Ledger
    readiness: Readiness
    began: float
    in_force: float
    ending: float
    ended: float

    def back_after(self) -> float:
        """The seconds from the end to the first 201."""
        return max(0.0, (self.ledger.first_after(self.ending) or self.ended) - self.ended)

    def ready_after(self) -> float:
        """The seconds from the end until readiness said so."""
        return max(0.0, (self.readiness.first(ready=True, after=self.ending) or self.ended) - self.ended)

    def not_ready_after(self) -> list[float]:
        """The seconds from the beginning until readiness told of it; none when it never did."""
        told = self.readiness.first(ready=False, after=self.began)
        return [] if told is None else [max(0.0, told - self.in_force)]


async def _live_through(lab: Lab, postgresql: PostgreSQL, fault: Fault, seconds: float) -> Outage:
    """A fault under load, until for that many seconds on end no signal was acknowledged: a full disk has some room
    left in its files."""
    ledger = Ledger()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed), watching(service.port) as readiness:
        await lab.acknowledged(ledger, BEFORE_AND_AFTER)
        began = time.monotonic()
        async with fault(postgresql):
            entered = time.monotonic()
            await until(
                lambda: time.monotonic() - max(entered, ledger.moments[-1]) > seconds, "an outage is long enough"
            )
            in_force = max(entered, ledger.moments[-1])
            ending = time.monotonic()
        ended = time.monotonic()
        await lab.created_after(ledger, ending)
        await until(lambda: readiness.first(ready=True, after=ending) is not None, "the service is ready again")
        await lab.acknowledged(ledger, BEFORE_AND_AFTER)
    return Outage(ledger, readiness, began, in_force, ending, ended)


async def _outage(lab: Lab, name: str, postgresql: PostgreSQL, fault: Fault, seconds: float) -> None:
    outage = await _live_through(lab, postgresql, fault, seconds)
    run = await lab.conclude(name, 1, postgresql, outage.ledger, [outage.back_after()], outage.not_ready_after())
    run.check(times=1, acknowledged=2 * BEFORE_AND_AFTER)
    run.check_resends()
    run.check_answers("500 internal_error")
    run.check_back(BACK_SECONDS)
    run.check_not_ready(NOT_READY_SECONDS)
    told = outage.in_force + NOT_READY_SECONDS
    assert not outage.readiness.said_ready_between(told, outage.ending), "ready was said during the outage"
    assert outage.ready_after() <= BACK_SECONDS, f"ready again {outage.ready_after():.2f} s after the outage"


@pytest.mark.parametrize("table", ["signals", "receipts"])
async def test_table_is_locked(lab: Lab, table: str) -> None:
    """Someone else holds a table in an exclusive lock.

    Red when the probe of readiness is `SELECT 1`: nothing tells of the lock in time.
    """

    @asynccontextmanager
    async def locked(postgresql: PostgreSQL) -> AsyncIterator[None]:
        connection = await postgresql.connect()
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
        await connection.close()

    await _outage(lab, f"table {table} locked", await lab.postgresql(), locked, lab.size(3, 10))


async def test_postgresql_is_frozen(lab: Lab) -> None:
    """SIGSTOP of every process of PostgreSQL: connections stay open and nobody answers.

    Red with ANSWER_SECONDS = 60: the requests wait until PostgreSQL goes on.
    """

    @asynccontextmanager
    async def frozen(postgresql: PostgreSQL) -> AsyncIterator[None]:
        postgresql.freeze()
        yield
        postgresql.thaw()

    await _outage(lab, "PostgreSQL frozen (SIGSTOP)", await lab.postgresql(), frozen, lab.size(6, 10))


async def test_connections_are_used_up(lab: Lab) -> None:
    """Others hold every connection that an ordinary user may have; the service has lost its own.

    Red when an error of the database ends the writer: nothing is stored afterwards.
    """

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
    """Every transaction is read-only, as on a server that was demoted.

    Red when an error of the database ends the writer: nothing is stored afterwards.
    """

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
    after there is room; the service never is.

    Red when readiness asks only the database and not the writer: it says ready all the time.
    """
    postgresql = await lab.postgresql(folder=lab.use(_small_disk()))
    await _outage(lab, "disk full", postgresql, _full, lab.size(3, 10))


async def test_disk_is_full_and_nobody_sends(lab: Lab) -> None:
    """One signal meets the full disk, and no other comes: the service is not ready until there is room again.

    Red when the failure is forgotten with the last request that waits.
    """
    postgresql = await lab.postgresql(folder=lab.use(_small_disk()))
    service = await lab.service(postgresql.url)
    connection, supply = lab.connection(service), signals(lab.seed)
    async with watching(service.port) as readiness:
        async with _full(postgresql):
            while (await connection.ask(next(supply).request)).status == 201:
                continue
            began = time.monotonic()
            await until(lambda: time.monotonic() - began > lab.size(3, 20), "an outage is long enough")
            assert not readiness.said_ready_between(began, time.monotonic()), "ready was said during the outage"
        ended = time.monotonic()
        await until(lambda: readiness.first(ready=True, after=ended) is not None, "ready again", BACK_SECONDS)


@asynccontextmanager
async def _full(postgresql: PostgreSQL) -> AsyncIterator[None]:
    ballast = postgresql.folder / "ballast"
    filling = asyncio.create_task(_keep_full(ballast))
    yield
    filling.cancel()
    await asyncio.wait({filling})
    ballast.unlink()
    if not postgresql.running:
        postgresql.start()
    await postgresql.answering()


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


async def _keep_full(ballast: Path) -> None:
    """Take every free block; PostgreSQL itself gives some back now and then."""
    while True:
        _fill(ballast)
        await asyncio.sleep(0.01)


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def test_backends_are_terminated(lab: Lab) -> None:
    """Every session of the service is ended by the server, again and again, and no producer notices.

    Red when a failed statement is answered instead of repeated: 18 times 500 in four rounds.
    """
    times, each = lab.size(4, 40), lab.size(150, 250)
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    async with producing(service, ledger, lab.seed):
        await lab.acknowledged(ledger, each)
        for _ in range(times):
            assert await postgresql.terminate_backends(), "invalid: the service had no session"
            ended = time.monotonic()
            await lab.acknowledged(ledger, each)
            back_after.append(ledger.longest_silence(since=ended))
    run = await lab.conclude("all backends terminated", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    run.check_answers()
    run.check_back(BACK_SECONDS)


async def test_connections_go_silent(lab: Lab) -> None:
    """The connections to PostgreSQL stay open and carry nothing any more, as after a failover; new ones work. There
    is time for a second attempt, so that no producer notices.

    Red when one silent connection leaves the others in the pool: each of them costs an attempt again.
    """
    times, each = lab.size(1, 5), 200
    ledger, back_after = Ledger(), []
    postgresql = await lab.postgresql()
    async with database_proxy(postgresql.url) as proxy:
        service = await lab.service(proxy.url)
        async with producing(service, ledger, lab.seed):
            await lab.acknowledged(ledger, each)
            for _ in range(times):
                proxy.go_silent()
                silent = time.monotonic()
                await lab.acknowledged(ledger, each)
                back_after.append(ledger.longest_silence(since=silent))
    run = await lab.conclude("connections silent", times, postgresql, ledger, back_after)
    run.check(times=times, acknowledged=times * each)
    run.check_resends()
    assert min(back_after) > 1, "invalid: the fault had no effect"
    run.check_answers()
    run.check_back(NEW_CONNECTION_SECONDS)
