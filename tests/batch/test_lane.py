"""What goes wrong between a batch and its database: never half stored, never doubled, and no receipt of nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from structlog.typing import EventDict

from service.batch.items import Item
from service.batch.lane import Lane
from service.batch.statement import Batch, Outcomes, store
from service.http.errors import Overloaded, ShuttingDown
from service.intake.journal import Journal
from service.kernel.errors import InternalError, Refusal
from service.kernel.limits import Limits
from service.lives.session import Session
from service.postgres.pool import Pool
from service.receipts.claims import Claim
from service.receipts.statement import NewSignal, Stored
from tests.intake.storing import EXPIRY, LIMITS, UNEXPECTED, UNSIGNED, UNSTORABLE, count, storing
from tests.intake.troubled import refusing
from tests.postgres.locks import locked, until_somebody_waits
from tests.postgres.rows import loose_receipts
from tests.receipts.claiming import content, key
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

HASTY = Limits(answer_seconds=0.6)


@asynccontextmanager
async def lane(url: str, limits: Limits = LIMITS) -> AsyncIterator[Lane]:
    """A lane with a pool of its own."""
    async with Pool(url, limits, size=4) as pool:
        yield Lane(pool, limits, Journal())


def batch(*signals: NewSignal, number: int | None = 1, named: Claim | None = None) -> Batch:
    """A batch of these signals; the same number gives the same signed request, None one that is unsigned."""
    claims = [] if number is None else [Claim(number.to_bytes(32), None, EXPIRY)]
    return Batch([Item(signal) for signal in signals], [*claims, *([named] if named else [])])


def new(outcomes: Outcomes) -> list[bool]:
    """Which items this request has stored."""
    return [isinstance(outcome, Stored) and outcome.new for outcome in outcomes]


@pytest.mark.parametrize("number", [1, None])
async def test_a_commit_whose_answer_was_lost_is_found_again(direct_database: Database, number: int | None) -> None:
    sent = batch(UNSIGNED, UNSIGNED._replace(content=content()), number=number)
    async with database_proxy(direct_database.url) as proxy, lane(proxy.url) as road:
        proxy.cut_commits(2, even_empty=True)
        outcomes = await road.store(sent)
        assert proxy.commits_cut >= 1
    assert new(outcomes) == [True, True]
    assert count(direct_database, "signals") == 2
    assert loose_receipts(direct_database) == 0


@pytest.mark.parametrize("number", [1, None])
async def test_what_came_in_by_copy_is_told_as_it_was_stored(direct_database: Database, number: int | None) -> None:
    async with database_proxy(direct_database.url) as proxy, lane(proxy.url) as road:
        proxy.cut_commits(1)
        outcomes = await road.store(batch(UNSIGNED, UNSIGNED, number=number))
        assert proxy.commits_cut == 1
    told = {outcome.id: outcome.created_at for outcome in outcomes if isinstance(outcome, Stored)}
    rows = direct_database.fetch("SELECT id, created_at FROM signals")
    assert new(outcomes) == [True, True]
    assert told == {row["id"]: row["created_at"] for row in rows}


@pytest.mark.parametrize("named", [None, key("k")])
async def test_a_client_that_gives_up_and_comes_again_makes_no_double(
    direct_database: Database, named: Claim | None
) -> None:
    """At two processes, while the first attempt is still under way."""
    async with lane(direct_database.url) as one, lane(direct_database.url) as two:
        async with locked(direct_database):
            given_up = asyncio.create_task(one.store(batch(UNSIGNED, UNSIGNED, named=named)))
            await until_somebody_waits(direct_database)
            given_up.cancel()
            again = [
                asyncio.create_task(road.store(batch(UNSIGNED, UNSIGNED, number=2 if named else 1, named=named)))
                for road in (one, two, one, two)
            ]
        outcomes = [await each for each in again]
    ids = [{outcome.id for outcome in told if isinstance(outcome, Stored)} for told in outcomes]
    assert all(each == ids[0] and len(each) == 2 for each in ids)
    assert count(direct_database, "signals") == 2
    assert loose_receipts(direct_database) == 0


async def test_a_signal_that_postgresql_refuses_hurts_no_other(direct_database: Database) -> None:
    async with lane(direct_database.url) as road:
        outcomes = await road.store(batch(*[UNSIGNED] * 5, UNSTORABLE, *[UNSIGNED] * 5, UNEXPECTED))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert [refusal.code for refusal in refused] == ["validation_failed", "internal_error"]
    assert refused[0].detail[0]["loc"] == ["body", "signals", 5, "payload"]  # type: ignore[index]
    assert count(direct_database, "signals") == 10


async def test_when_nothing_can_be_stored_no_signal_is_blamed(direct_database: Database) -> None:
    async with lane(direct_database.url, HASTY) as road:
        trouble = refusing(direct_database, "true", "23514")
        with pytest.raises(InternalError):
            await road.store(batch(UNSIGNED, UNSIGNED))
        trouble.end()
        assert new(await road.store(batch(UNSIGNED, UNSIGNED))) == [True, True]


async def test_a_single_signal_does_not_wait_for_a_batch(direct_database: Database) -> None:
    """Not even for one that is about to store the same key or content."""
    other = await asyncpg.connect(direct_database.url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute("SELECT pg_advisory_xact_lock($1)", content().claim.lock)
    async with lane(direct_database.url) as road, storing(direct_database.url) as writer:
        held = asyncio.create_task(road.store(batch(UNSIGNED._replace(content=content()), UNSIGNED)))
        await until_somebody_waits(direct_database)
        twin = asyncio.create_task(writer.store(UNSIGNED._replace(content=content())))
        assert (await writer.store(UNSIGNED)).new
        assert not held.done()
        assert not twin.done()
        await transaction.rollback()
        outcomes = await held
        assert sum([*new(outcomes), (await twin).new]) == 2
    await other.close()
    assert count(direct_database, "signals") == 3
    assert loose_receipts(direct_database) == 0


async def test_what_is_held_for_ever_ends_with_come_again(direct_database: Database) -> None:
    other = await asyncpg.connect(direct_database.url)
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", batch(UNSIGNED).claims[0].lock)
        async with lane(direct_database.url, replace(HASTY, lock_seconds=0.1)) as road:
            with pytest.raises(Overloaded):
                await road.store(batch(UNSIGNED))
    await other.close()
    assert count(direct_database, "signals") == 0


SLOW_COMMIT = """
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON signals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION trouble();
"""


async def test_what_was_given_up_before_its_commit_is_not_stored_afterwards(direct_database: Database) -> None:
    async with lane(direct_database.url, replace(HASTY, lock_seconds=20, statement_seconds=20)) as road:
        async with locked(direct_database):
            with pytest.raises(InternalError):
                await road.store(batch(UNSIGNED))
        assert new(await road.store(batch(UNSIGNED))) == [True]
    assert count(direct_database, "signals") == 1


async def test_a_batch_that_is_stored_after_its_answer_has_its_lines(
    direct_database: Database, log_lines: list[EventDict]
) -> None:
    direct_database.execute(SLOW_COMMIT)
    async with lane(direct_database.url, HASTY) as road:
        with pytest.raises(InternalError):
            await road.store(batch(UNSIGNED, UNSIGNED))
        await until(lambda: count(direct_database, "signals") == 2, "the batch is stored")
        await road.inquire()
    late = [line for line in log_lines if line["event"] == "Signal stored late"]
    assert len({line["signal_id"] for line in late}) == 2


async def test_a_lane_that_is_closed_takes_no_more(direct_database: Database) -> None:
    async with lane(direct_database.url) as road:
        road.close()
        with pytest.raises(ShuttingDown):
            await road.store(batch(UNSIGNED))


def counted(name: str) -> Callable[..., Awaitable[Any]]:
    """A way to ask the server that is counted. asyncpg tells its query loggers too late, and nothing of COPY."""

    async def ask(self: "Failing", *arguments: Any, **named: Any) -> Any:
        answer = await getattr(Session, name)(self, *arguments, **named)
        self.left -= 1
        if self.left == 0:
            self.terminate()
        return answer

    return ask


class Failing(Session):
    """A session that ends when so many statements are answered."""

    left = 0
    execute = counted("execute")
    fetch = counted("fetch")
    fetchval = counted("fetchval")
    copy_records_to_table = counted("copy_records_to_table")


@pytest.mark.parametrize(
    ("attempt", "place"),
    [*((1, place) for place in range(7)), *((2, place) for place in range(6))],
)
async def test_a_batch_is_never_half_stored_wherever_its_session_ends(
    direct_database: Database, attempt: int, place: int
) -> None:
    """Between any two statements of its transaction, from before it begins to before its commit. The first attempt
    copies, another one inserts."""
    connection = await asyncpg.connect(direct_database.url, connection_class=Failing)
    connection.left = place
    sent = batch(UNSIGNED, UNSIGNED, named=key("k"))
    sent.attempt = attempt
    if place == 0:
        connection.terminate()
    with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresError)):
        await store(connection, sent)
    assert connection.left == 0
    await connection.close(timeout=1)
    assert (count(direct_database, "signals"), count(direct_database, "receipts")) == (0, 0)
    async with lane(direct_database.url) as road:
        assert new(await road.store(batch(UNSIGNED, UNSIGNED, named=key("k")))) == [True, True]
